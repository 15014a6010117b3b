#include "coordinator/report/tables/unit_results.h"

#include <algorithm>
#include <tuple>

namespace xorch {

namespace {

// A unit of the run and where its fact is.
struct Wanted {
    FactLocation at;
    std::uint32_t position = 0;  // in the run
};

std::tuple<std::uint32_t, std::uint64_t> frame_of(const FactLocation& at) {
    return {at.segment, at.offset};
}

UnitResult take_result(const Fact& fact) {
    UnitResult result;
    const auto take = [&](const AttemptEnd& end) {
        result.known = true;
        result.end = end;
        result.end.tail.clear();
    };
    if (const auto* finished = std::get_if<UnitFinished>(&fact)) take(finished->end);
    if (const auto* failed = std::get_if<UnitFailed>(&fact)) take(failed->end);
    if (const auto* hopeless = std::get_if<UnitFoundHopeless>(&fact)) take(hopeless->end);
    if (const auto* adopted = std::get_if<UnitAdopted>(&fact)) {
        take(adopted->end);
        result.adopted_from = adopted->from;
    }
    return result;
}

}  // namespace

UnitResults::UnitResults(const SweepReader& sweep, StageIndex stage, std::uint32_t run_units)
    : sweep_(sweep), stage_(stage), run_units_(run_units) {}

Result<void> UnitResults::load(std::uint32_t first) {
    if (!results_.empty() && loaded_first_ == first) return {};
    const std::uint32_t units = sweep_.plan().unit_count(stage_);
    const std::uint32_t count = std::min(run_units_, units - first);
    results_.assign(count, {});
    loaded_first_ = first;
    std::vector<Wanted> wanted;
    for (std::uint32_t i = 0; i < count; ++i) {
        const UnitState& unit = sweep_.state().unit({stage_, first + i});
        const bool has_fact = is_final(unit.phase) && unit.phase != UnitPhase::cancelled;
        if (has_fact && unit.result.segment != 0) wanted.push_back({unit.result, i});
    }
    if (wanted.empty()) return {};
    std::sort(wanted.begin(), wanted.end(), [](const Wanted& left, const Wanted& right) {
        return frame_of(left.at) < frame_of(right.at);
    });
    auto next = wanted.begin();
    const auto visit = [&](const FactBatch& batch, FactLocation at) -> Result<void> {
        for (; next != wanted.end() && frame_of(next->at) <= frame_of(at); ++next) {
            const bool here = frame_of(next->at) == frame_of(at);
            if (!here || next->at.fact >= batch.facts.size()) continue;
            results_[next->position] = take_result(batch.facts[next->at.fact]);
        }
        // Ends the replay early; the caller below tells it from a real error.
        if (next == wanted.end()) return fail(ErrorCode::internal, "read enough");
        return {};
    };
    const FactLocation from{
        .segment = wanted.front().at.segment, .fact = 0, .offset = wanted.front().at.offset};
    const auto end = replay_journal(sweep_.disk(), sweep_.layout().journal(), visit, from);
    if (!end && next != wanted.end()) {
        results_.clear();
        return fail_with_context(end.error(), "reading results");
    }
    return {};
}

Result<void> UnitResults::visit(const Visitor& visitor) {
    const std::uint32_t units = sweep_.plan().unit_count(stage_);
    for (std::uint32_t first = 0; first < units; first += run_units_) {
        if (auto loaded = load(first); !loaded) return loaded;
        for (std::uint32_t i = 0; i < results_.size(); ++i) {
            if (auto visited = visitor({stage_, first + i}, results_[i]); !visited) return visited;
        }
    }
    return {};
}

}  // namespace xorch
