#include "worker/agent/slice.h"

#include <algorithm>

namespace xorch {

namespace {

// Enough for a percentile that one outlier does not own, few enough to follow a change of load.
constexpr std::size_t samples_max = 64;

}  // namespace

void Durations::add(Millis sample) {
    if (samples_.size() < samples_max) {
        samples_.push_back(sample);
    } else {
        samples_[next_] = sample;
        next_ = (next_ + 1) % samples_max;
    }
    std::vector<Millis> ordered = samples_;
    const std::size_t rank = (ordered.size() * 95 + 99) / 100 - 1;
    const auto place = ordered.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(ordered.begin(), place, ordered.end());
    p95_ = *place;
}

SliceRules::SliceRules(const Sweep& sweep) : sweep_(sweep), stages_(sweep.stages.size()) {}

void SliceRules::on_checkpoint(UnitKey unit, Millis took) {
    stages_[unit.stage.value].saves.add(took);
    units_[unit].add(took);
}

void SliceRules::on_done(UnitKey unit, Millis ran) {
    stages_[unit.stage.value].runs.add(ran);
}

void SliceRules::forget(UnitKey unit) {
    if (!units_.empty()) units_.erase(unit);
}

Millis SliceRules::lead(UnitKey unit) const {
    return save(unit) + sweep_.tuning.drain_slack;
}

Millis SliceRules::least_slice(UnitKey unit) const {
    const Millis declared = sweep_.stages[unit.stage.value].resources.time;
    if (declared > Millis{0}) return declared;
    const StageTimes& times = stages_[unit.stage.value];
    // Nobody measures restoring; reading a checkpoint takes about as long as writing it.
    if (!times.saves.empty()) return 2 * save(unit);
    return times.runs.p95();
}

Millis SliceRules::save(UnitKey unit) const {
    if (const auto own = units_.find(unit); own != units_.end()) return own->second.p95();
    const Durations& siblings = stages_[unit.stage.value].saves;
    return siblings.empty() ? sweep_.tuning.save_guess : siblings.p95();
}

}  // namespace xorch
