#include "coordinator/decide/schedule/candidates.h"

#include <algorithm>
#include <set>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

Candidates::Candidates(const State& state, const Presence& presence, StageIndex stage)
    : state_(state),
      presence_(presence),
      stage_(stage),
      is_wave_(state.stage(stage).wave < StageState::last_wave) {
    if (is_wave_) list_canaries();
    find_next();
}

std::uint32_t Candidates::pop() {
    const std::uint32_t index = *next_;
    find_next();
    return index;
}

void Candidates::put_back(const std::vector<std::uint32_t>& indices) {
    if (indices.empty()) return;
    if (next_) returned_.push_back(*next_);
    returned_.insert(returned_.end(), indices.rbegin(), indices.rend());
    find_next();
}

bool Candidates::is_delayed(std::uint32_t index) const {
    return !presence_.delayed.empty() && presence_.delayed.contains({stage_, index});
}

// Those that were tried before, and as many new ones as the wave still takes.
void Candidates::list_canaries() {
    const StageState& stage = state_.stage(stage_);
    std::set<std::uint32_t> known;
    for (const Canary& canary : stage.canaries) {
        known.insert(canary.index);
        const bool is_ready = state_.first_ready(stage_, canary.index) == canary.index;
        if (is_ready && !is_delayed(canary.index)) canaries_.push_back(canary.index);
    }
    const std::uint32_t size = canaries_of_wave[stage.wave];
    std::size_t room = size - std::min<std::size_t>(size, known.size());
    auto index = state_.first_ready(stage_, 0);
    for (; index && room > 0; index = state_.first_ready(stage_, *index + 1)) {
        if (known.contains(*index) || is_delayed(*index)) continue;
        canaries_.push_back(*index);
        --room;
    }
}

void Candidates::find_next() {
    next_.reset();
    if (!returned_.empty()) {
        next_ = returned_.back();
        returned_.pop_back();
        return;
    }
    if (is_wave_) {
        if (cursor_ < canaries_.size()) next_ = canaries_[cursor_++];
        return;
    }
    while (const auto index = state_.first_ready(stage_, cursor_)) {
        cursor_ = *index + 1;
        if (is_delayed(*index)) continue;
        next_ = index;
        return;
    }
}

}  // namespace xorch
