#include "worker/attempt/storage/output_capture.h"

#include <algorithm>
#include <utility>

namespace xorch {

namespace {

// Enough of the end to see how a unit died; more would be memory per running attempt.
constexpr std::uint64_t tail_bytes_max = 1U << 20U;
// What may wait for the disk before the head is closed.
constexpr std::size_t backlog_bytes_max = 4U << 20U;
// Twice what a failure's report shows.
constexpr std::size_t recent_bytes_max = 8U << 10U;

// Keeps the last bytes; cuts only when twice as many are there, so that appending stays cheap.
// Returns how many were dropped.
std::uint64_t append_keeping_last(std::string& text, std::string_view bytes, std::size_t keep) {
    std::uint64_t dropped = 0;
    if (bytes.size() > keep) {
        dropped = bytes.size() - keep;
        bytes.remove_prefix(bytes.size() - keep);
    }
    text += bytes;
    if (text.size() >= 2 * keep) {
        dropped += text.size() - keep;
        text.erase(0, text.size() - keep);
    }
    return dropped;
}

}  // namespace

OutputCapture::OutputCapture(Bytes budget)
    : head_left_(budget.value - std::min(budget.value / 2, tail_bytes_max)),
      tail_max_(static_cast<std::size_t>(std::min(budget.value / 2, tail_bytes_max))) {}

void OutputCapture::add(std::string_view bytes) {
    total_ += bytes.size();
    append_keeping_last(recent_, bytes, recent_bytes_max);
    if (pending_.size() + in_flight_ > backlog_bytes_max) head_left_ = 0;
    const auto to_head =
        static_cast<std::size_t>(std::min<std::uint64_t>(head_left_, bytes.size()));
    pending_ += bytes.substr(0, to_head);
    head_left_ -= to_head;
    bytes.remove_prefix(to_head);
    if (bytes.empty()) return;
    if (tail_max_ == 0) {
        left_out_ += bytes.size();
    } else {
        left_out_ += append_keeping_last(tail_, bytes, tail_max_);
    }
}

std::string OutputCapture::take_pending() {
    in_flight_ += pending_.size();
    return std::exchange(pending_, {});
}

OutputRest OutputCapture::finish() {
    if (tail_.size() > tail_max_) {
        left_out_ += tail_.size() - tail_max_;
        tail_.erase(0, tail_.size() - tail_max_);
    }
    return {.pending = take_pending(), .left_out = left_out_, .tail = std::move(tail_)};
}

}  // namespace xorch
