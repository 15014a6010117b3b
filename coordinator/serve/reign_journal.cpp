#include "coordinator/serve/reign_journal.h"

#include <utility>

namespace xorch {
namespace {

constexpr std::uint64_t queued_bytes_max = 64U << 20U;

}  // namespace

Result<std::unique_ptr<ReignJournal>> ReignJournal::start(
    Disk& disk, JournalWriter writer, JournalThread::Settings settings
) {
    std::unique_ptr<ReignJournal> journal(new ReignJournal(std::move(writer)));
    auto thread = JournalThread::start(disk, journal->writer_, std::move(settings));
    if (!thread) return tl::unexpected(thread.error());
    journal->thread_ = std::move(*thread);
    return journal;
}

Appended ReignJournal::append(const FactBatch& batch) {
    const FactLocation at = writer_.stage(batch);
    if (!staged_from_) staged_from_ = at;
    facts_ += batch.facts.size();
    return {.sequence = ++sequence_, .at = at};
}

void ReignJournal::flush() {
    if (!staged_from_) return;
    std::string bytes = writer_.take_staged();
    flushed_end_ = {
        .segment = staged_from_->segment, .fact = 0, .offset = staged_from_->offset + bytes.size()};
    flushed_ = sequence_;
    staged_from_.reset();
    flushes_.push_back({.sequence = flushed_, .end = flushed_end_});
    thread_->submit(std::move(bytes), flushed_);
}

std::uint64_t ReignJournal::durable() {
    const std::uint64_t durable = thread_->durable();
    while (!flushes_.empty() && flushes_.front().sequence <= durable) {
        durable_end_ = flushes_.front().end;
        flushes_.pop_front();
    }
    return durable;
}

bool ReignJournal::is_congested() const {
    return thread_->queued_bytes() > queued_bytes_max;
}

}  // namespace xorch
