#include "worker/agent/reports.h"

#include <utility>

namespace xorch {

std::size_t AssignedUnitHash::operator()(const AssignedUnit& held) const noexcept {
    return std::hash<UnitKey>{}(held.unit) * 31U + held.attempt.value;
}

void Reports::add_checkpoint(const CheckpointSealed& sealed) {
    kept_.emplace_back(CheckpointReport{.sequence = next_++, .sealed = sealed});
}

void Reports::add_end(AssignedUnit attempt, AttemptEnd end) {
    ended_.insert(attempt);
    kept_.emplace_back(EndReport{
        .sequence = next_++,
        .unit = attempt.unit,
        .attempt = attempt.attempt,
        .end = std::move(end)});
}

bool Reports::forget_through(std::uint64_t sequence) {
    bool news = false;
    while (!kept_.empty() && first_unacknowledged() <= sequence) {
        if (const auto* end = std::get_if<EndReport>(&kept_.front())) {
            ended_.erase(AssignedUnit{.unit = end->unit, .attempt = end->attempt});
        }
        kept_.pop_front();
        news = true;
    }
    return news;
}

std::vector<AgentMessage> Reports::take_new() {
    const std::uint64_t first = std::max(taken_ + 1, first_unacknowledged());
    std::vector<AgentMessage> fresh;
    fresh.reserve(next_ - first);
    for (std::uint64_t number = first; number < next_; ++number) {
        fresh.push_back(kept_[number - first_unacknowledged()]);
    }
    taken_ = next_ - 1;
    return fresh;
}

}  // namespace xorch
