#pragma once

// The journal as one reign uses it: facts are staged during a turn of the loop and handed to the
// journal thread once at its end. Knows how far the file reaches for every batch, so that status
// and snapshots can say which part of the journal they are of. Loop thread only.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "coordinator/decide/reign.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/journal_thread.h"
#include "core/disk.h"
#include "core/error.h"

namespace xorch {

class ReignJournal final : public FactSink {
 public:
    // The disk must outlive it.
    static Result<std::unique_ptr<ReignJournal>> start(
        Disk& disk, JournalWriter writer, JournalThread::Settings settings
    );

    Appended append(const FactBatch& batch) override;

    // Hands over what was staged.
    void flush();

    // A durable() or failure() changed.
    int descriptor() const { return thread_->descriptor(); }

    void clear_wakeup() { thread_->clear_wakeup(); }

    // The highest sequence that is durable, and where its bytes end.
    std::uint64_t durable();

    FactLocation durable_end() const { return durable_end_; }

    std::optional<Error> failure() const { return thread_->failure(); }

    std::optional<Error> alive_failure() const { return thread_->alive_failure(); }

    // So much waits for the disk that no more should be taken in.
    bool is_congested() const;

    // The last sequence that was flushed, and where its bytes end.
    std::uint64_t flushed() const { return flushed_; }

    FactLocation flushed_end() const { return flushed_end_; }

    std::uint64_t facts() const { return facts_; }

    EpochNumber epoch() const { return writer_.epoch(); }

 private:
    struct Flush {
        std::uint64_t sequence = 0;
        FactLocation end;
    };

    explicit ReignJournal(JournalWriter writer) : writer_(std::move(writer)) {}

    JournalWriter writer_;
    std::unique_ptr<JournalThread> thread_;  // ends before the writer
    std::uint64_t sequence_ = 0;
    std::uint64_t flushed_ = 0;
    std::uint64_t facts_ = 0;
    std::optional<FactLocation> staged_from_;
    FactLocation flushed_end_;
    FactLocation durable_end_;
    std::deque<Flush> flushes_;  // not durable yet
};

}  // namespace xorch
