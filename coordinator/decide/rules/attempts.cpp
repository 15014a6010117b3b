// An attempt ended, sealed a checkpoint, or somebody else has its result: what becomes of the unit.

#include <fmt/format.h>
#include <xxhash.h>

#include "coordinator/decide/rules/rules.h"
#include "core/filling.h"
#include "core/planted.h"

namespace xorch {

namespace {

bool is_last_attempt(
    const State& state, const UnitState& unit, IncarnationId from, AttemptNumber attempt
) {
    return unit.attempt == attempt.value && attempt.value > 0 &&
           unit.agent < state.agents().size() && state.agents()[unit.agent].incarnation == from;
}

// The report counts: nobody else has the unit since. One that was given back because its agent
// seemed lost may still be done after all, as long as no other attempt began.
bool counts(const State& state, IncarnationId from, const EndReport& report) {
    const UnitState& unit = state.unit(report.unit);
    if (!is_last_attempt(state, unit, from, report.attempt)) return false;
    if (planted::has(planted::Bug::counted_twice) && unit.phase == UnitPhase::done) return true;
    if (unit.phase == UnitPhase::assigned) return true;
    return unit.phase == UnitPhase::ready && is_outcome(report.end.cause);
}

// Late or repeated. Only what differs from the result that counts is worth a fact.
Effects refuse(const State& state, IncarnationId from, const EndReport& report) {
    Effects effects;
    const UnitState& unit = state.unit(report.unit);
    if (unit.phase != UnitPhase::done || report.end.cause != Cause::none) return effects;
    // The one that counts, told again; after filling, its rows are not what the attempt said.
    if (is_last_attempt(state, unit, from, report.attempt)) return effects;
    const std::uint64_t hash = XXH3_64bits(report.end.rows.data(), report.end.rows.size());
    if (hash == unit.rows_hash) return effects;
    effects.facts.push_back(ResultRefused{
        .unit = report.unit,
        .attempt = report.attempt,
        .reason = fmt::format(
            "attempt {} reports other records than attempt {}, which counts",
            report.attempt.value,
            unit.attempt
        ),
        .rows_hash = fmt::format("{:016x}", hash)});
    return effects;
}

// A unit that ran again because its records lacked something: what they said stands.
void settle_records(const State& state, UnitKey key, AttemptEnd& end, Effects& effects) {
    const std::string* standing = state.standing_rows(key);
    if (standing == nullptr || planted::has(planted::Bug::standing_rows_lost)) return;
    // It was done, and stays so, whatever the new run would come to.
    end.cause = Cause::none;
    FilledRows filled =
        fill_rows(*standing, end.rows, state.plan().stage(key.stage).records.varies);
    if (!filled.disagreement.empty()) {
        end.message =
            "run again, it disagreed with its own records, which stand: " + filled.disagreement;
        effects.facts.push_back(ResultRefused{
            .unit = key,
            .attempt = AttemptNumber{state.unit(key).attempt},
            .reason = end.message,
            .rows_hash = fmt::format("{:016x}", XXH3_64bits(end.rows.data(), end.rows.size()))});
    }
    end.rows = std::move(filled.rows);
}

std::string format_seconds(std::uint64_t ms) {
    return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000.0);
}

bool is_out_of_time(const Limits& limits, const UnitState& unit, const AttemptEnd& end) {
    if (limits.timeout == Millis{0}) return false;
    return Millis{static_cast<std::int64_t>(unit.ran_ms)} + end.ran >= limits.timeout;
}

std::string explain_no_progress(const UnitState& unit, const AttemptEnd& end) {
    const auto last = static_cast<std::uint64_t>(end.ran.count());
    const std::string checkpoint =
        unit.checkpoint_attempt == 0 ? "it never sealed a checkpoint"
        : unit.checkpoint_step < 0
            ? fmt::format("its newest checkpoint is of attempt {}", unit.checkpoint_attempt)
            : fmt::format("its newest checkpoint is at step {}", unit.checkpoint_step);
    return fmt::format(
        "stopped twice without a newer checkpoint between: the last attempt ran {} ({}), all "
        "together {}, and {}; let it checkpoint more often than every {}, or give it more time",
        format_seconds(last),
        cause_name(end.cause),
        format_seconds(unit.ran_ms + last),
        checkpoint,
        format_seconds(last)
    );
}

// The end with which the unit is failed for good, or nothing if it is tried again.
std::optional<AttemptEnd> final_failure(const State& state, const EndReport& report) {
    const UnitState& unit = state.unit(report.unit);
    const Limits& limits = state.plan().stage(report.unit.stage).limits;
    AttemptEnd end = report.end;
    if (end.cause == Cause::timeout || is_out_of_time(limits, unit, end)) {
        end.cause = Cause::timeout;
        end.message = fmt::format(
            "used up limits.timeout of {}: {} in {} attempts",
            format_seconds(static_cast<std::uint64_t>(limits.timeout.count())),
            format_seconds(unit.ran_ms + static_cast<std::uint64_t>(end.ran.count())),
            report.attempt.value
        );
        return end;
    }
    if (is_own_failure(end.cause)) {
        if (unit.own_failures >= limits.retries) return end;
        return std::nullopt;
    }
    const bool is_alone = state.agents()[unit.agent].runs_alone;
    const bool died = end.cause == Cause::agent_lost && end.ran > Millis{0};
    if (died && is_alone && is_to_blame(state, report.unit)) {
        end.cause = Cause::poison;
        return end;
    }
    const bool stalls =
        is_known_stop(end.cause) && end.cause != Cause::stop_request && end.ran > Millis{0};
    if (!stalls || unit.stalled_stops == 0) return std::nullopt;
    end.message = explain_no_progress(unit, end);
    end.cause = Cause::no_progress;
    return end;
}

}  // namespace

Effects on_end(const State& state, IncarnationId from, const EndReport& report) {
    if (!state.has_unit(report.unit)) return {};
    if (!counts(state, from, report)) return refuse(state, from, report);
    Effects effects;
    const bool is_forgiven = report.end.cause == Cause::hopeless &&
                             planted::has(planted::Bug::hopeless_retried) &&
                             state.unit(report.unit).phase == UnitPhase::assigned;
    if (is_outcome(report.end.cause) && !is_forgiven) {
        AttemptEnd settled = report.end;
        settle_records(state, report.unit, settled, effects);
        if (settled.cause == Cause::hopeless) {
            effects.facts.push_back(UnitFoundHopeless{report.unit, report.attempt, settled});
        } else {
            effects.facts.push_back(UnitFinished{report.unit, report.attempt, settled});
        }
        const std::string name =
            fmt::format("{}/{}", state.plan().stage(report.unit.stage).name, report.unit.index);
        for (const UnitKey twin : state.twins_waiting_for(report.unit)) {
            if (state.unit(twin).phase != UnitPhase::waiting) continue;
            effects.facts.push_back(UnitAdopted{twin, name, settled});
        }
    } else if (auto end = final_failure(state, report)) {
        effects.facts.push_back(UnitFailed{report.unit, report.attempt, std::move(*end)});
    } else {
        effects.facts.push_back(UnitGivenBack{report.unit, report.attempt, report.end});
        const std::string& unfit = report.end.unfit_node;
        if (!unfit.empty() && !state.blamed_nodes().contains(unfit)) {
            effects.facts.push_back(NodeBlamed{unfit, report.end.message});
        }
    }
    return effects;
}

Effects on_checkpoint(const State& state, IncarnationId from, const CheckpointReport& report) {
    Effects effects;
    const CheckpointSealed& sealed = report.sealed;
    if (!state.has_unit(sealed.unit)) return effects;
    const UnitState& unit = state.unit(sealed.unit);
    const bool is_live = unit.phase == UnitPhase::assigned || unit.phase == UnitPhase::ready;
    if (is_live && is_last_attempt(state, unit, from, sealed.attempt)) {
        effects.facts.push_back(sealed);
    }
    return effects;
}

Effects on_adopted(const State& state, const UnitAdopted& adopted) {
    Effects effects;
    if (!state.has_unit(adopted.unit)) return effects;
    const UnitPhase phase = state.unit(adopted.unit).phase;
    if (phase != UnitPhase::waiting && phase != UnitPhase::ready) return effects;
    UnitAdopted settled = adopted;
    settle_records(state, adopted.unit, settled.end, effects);
    effects.facts.push_back(std::move(settled));
    return effects;
}

}  // namespace xorch
