#pragma once

// Reads a journal that others write, for `watch` and `status`: remembers its place and visits what
// is new. It writes nothing and needs no coordinator. One thread at a time; `disk` must outlive it.

#include <cstdint>
#include <string>

#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"

namespace xorch {

class JournalFollower {
 public:
    // Starts at `from` (default: the start), where a frame starts or a segment ends.
    JournalFollower(Disk& disk, std::string directory, FactLocation from = {});

    struct News {
        std::uint64_t batches = 0;
        // What was visited came from a coordinator that had been succeeded and does not count. The
        // caller drops what it made of it; the next poll starts from the beginning.
        bool restarted = false;
    };

    // Visits the batches that came since the last poll, across segments. A frame that is not whole
    // yet is left for the next time.
    Result<News> poll(const FactVisitor& visit);

    // Where the next poll goes on; segment 0 before the first epoch was seen.
    FactLocation position() const { return position_; }

 private:
    // Moves to the start of the segment of this epoch; false if there is none yet.
    Result<bool> enter(EpochNumber epoch);

    Disk* disk_;
    std::string directory_;
    FactLocation position_;
};

}  // namespace xorch
