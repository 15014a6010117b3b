#pragma once

// The file in which an agent keeps its reports until the reigning epoch has made them durable
// (core/wire/spool_format.h). Written before anything is sent, so that what finished while nobody
// reigned survives the agent; not synced, since what a node loses with its memory was promised to
// nobody. Bounded: it begins anew once what it holds is acknowledged. Loop thread only.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/messages.h"

namespace xorch {

class Spool {
 public:
    // `disk` must outlive the spool. The file is made by the first append.
    Spool(Disk& disk, std::string path, IncarnationId incarnation);

    // After an error the reports are still only in memory; rewrite() puts them down.
    Result<void> append(std::span<const AgentMessage> reports);

    // True when it is worth to begin anew: nothing in it matters any more and it has grown, or most
    // of it does not, or an append failed.
    bool wants_rewrite(std::size_t unacknowledged) const;

    // Replaces the file by one with these reports, or by none.
    Result<void> rewrite(const std::deque<AgentMessage>& unacknowledged);

    std::uint64_t bytes() const { return bytes_; }

 private:
    Result<void> open();

    Disk& disk_;
    std::string path_;
    IncarnationId incarnation_;
    std::unique_ptr<AppendFile> file_;
    std::uint64_t bytes_ = 0;
    std::uint64_t rewrite_at_;
    bool broken_ = false;
};

}  // namespace xorch
