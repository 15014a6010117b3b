#pragma once

// Makes staged facts durable without stopping the loop: a thread behind a queue, because a file
// system may stall for minutes and heartbeats must not. Everything queued is written with one sync.
// The thread also bumps the epoch's alive counter: a coordinator whose file system stalls cannot
// reign, so its counter must stop. Every function here is for the loop thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/time.h"

namespace xorch {

class JournalThread {
 public:
    struct Settings {
        // Commits start at least so far apart, so that many small ones share a sync; nothing waits
        // longer than this. After a pause the first commit starts at once.
        Millis commit_wait{20};
        Millis alive_every{3'000};
        std::string alive_path = {};  // empty = no counter
    };

    // `disk` and `writer` must outlive it. Only stage() and take_staged() of the writer may be
    // called meanwhile.
    static Result<std::unique_ptr<JournalThread>> start(
        Disk& disk, JournalWriter& writer, Settings settings
    );

    // Writes what is queued, then ends the thread.
    ~JournalThread();
    JournalThread(const JournalThread&) = delete;
    JournalThread& operator=(const JournalThread&) = delete;

    // Queues staged bytes, in the order in which they were staged. Sequences grow.
    void submit(std::string bytes, std::uint64_t sequence);

    // Readable when durable() or failure() changed; clear_wakeup() before looking at them.
    int descriptor() const;
    void clear_wakeup();

    // The highest sequence that is durable.
    std::uint64_t durable() const;

    // Why the journal cannot be written any more. Final: nothing is tried again, and what was
    // submitted beyond durable() may or may not be in the journal.
    std::optional<Error> failure() const;

    // Why the last beat of the alive counter failed; the next one may work.
    std::optional<Error> alive_failure() const;

    // Submitted and not durable yet: the loop takes no new work while this is large.
    std::uint64_t queued_bytes() const;

 private:
    struct Content;
    explicit JournalThread(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
