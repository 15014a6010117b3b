#pragma once

// Writes output to the sweep's directory: a live file for an attempt that writes much while it
// runs, and one place in a pack for every attempt that ended. Lives on the runner's file thread.

#include <cstdint>
#include <string>

#include "core/disk.h"
#include "core/facts.h"
#include "core/layout.h"
#include "worker/attempt/storage/output_capture.h"

namespace xorch {

class OutputStore {
 public:
    // The first pack is made when there is something to store.
    OutputStore(Disk& disk, SweepLayout layout, IncarnationId incarnation);

    // Appends to the attempt's live file.
    Result<void> append_live(const UnitId& id, AttemptNumber attempt, std::string_view bytes);

    struct Ended {
        UnitId id;
        AttemptNumber attempt;
        bool has_live_file = false;
        OutputRest rest;
    };

    // Moves everything the attempt wrote into a pack and removes its live file.
    Result<OutputLocation> store(const Ended& ended);

 private:
    Result<void> open_pack();
    Result<void> append(std::string_view bytes);
    Result<void> append_file(const std::string& path);

    Disk* disk_;
    SweepLayout layout_;
    IncarnationId incarnation_;
    std::uint32_t number_ = 0;
    std::uint64_t size_ = 0;
    std::unique_ptr<AppendFile> pack_;
};

}  // namespace xorch
