#include "coordinator/decide/rules/presence.h"

#include <algorithm>

namespace xorch {

namespace {

// Weight of the newest attempt in the average duration: the last five or so count.
constexpr double newest_weight = 0.2;

constexpr Millis first_retry_delay{1'000};
constexpr Millis longest_retry_delay{60'000};

// A result in the spool of an agent that died is worth waiting for a moment.
constexpr Millis spool_wait{2'000};

// A refused allocation (a limit on jobs, a partition that is down) is asked for again after this
// long, then twice as long, and so on: such limits change within minutes to hours.
constexpr Millis first_ask_delay{60'000};
constexpr Millis longest_ask_delay{900'000};

// A batch system that does not say in this time whether it queued a successor is not waited for.
constexpr Millis successor_wait{30'000};

// A queue that is asked when a reign begins answers within moments, or takes long.
constexpr Millis first_answer_wait{3'000};

Millis retry_delay(std::uint32_t own_failures) {
    constexpr std::uint32_t doublings = 6;
    const std::uint32_t exponent = std::min(own_failures - std::min(own_failures, 1U), doublings);
    return std::min(longest_retry_delay, first_retry_delay * (1U << exponent));
}

Millis ask_delay(std::uint32_t refusals) {
    constexpr std::uint32_t doublings = 4;
    return std::min(longest_ask_delay, first_ask_delay * (1U << std::min(refusals, doublings)));
}

}  // namespace

Millis AgentPresence::settled_at() const {
    Millis last{0};
    for (const TakenAttempt& each : taken)
        last = std::max(last, each.until);
    return last;
}

Presence::Presence(const State& state, EpochNumber reign, Now now)
    : epoch(reign),
      began(now.boot),
      began_paused(state.paused()),
      names_awaited(now.boot + first_answer_wait),
      successors_awaited(now.boot + successor_wait),
      duration_ms(state.plan().stage_count()),
      selected(state.plan().sweep().selects.size(), false) {
    for (const std::uint32_t index : state.present_agents()) {
        agents[state.agents()[index].incarnation].last_heard = now.boot;
    }
    for (const AllocationState& each : state.allocations()) {
        if (!each.ended) learn_end(each.allocation, each.end_unix, now);
    }
}

const AgentPresence* Presence::find(IncarnationId agent) const {
    const auto known = agents.find(agent);
    return known == agents.end() ? nullptr : &known->second;
}

// Unix time becomes boot time at once: what a clock does later moves no deadline.
void Presence::learn_end(AllocationId allocation, Millis end_unix, Now now) {
    if (end_unix == Millis{0}) {
        allocation_ends.erase(allocation);
        return;
    }
    allocation_ends[allocation] = now.boot + (end_unix - now.unix);
}

void Presence::observe(const Fact& fact, const State& state, Now now) {
    if (const auto* finished = std::get_if<UnitFinished>(&fact)) {
        on_attempt_over(finished->unit, finished->end);
    } else if (const auto* hopeless = std::get_if<UnitFoundHopeless>(&fact)) {
        on_attempt_over(hopeless->unit, hopeless->end);
    } else if (const auto* failed = std::get_if<UnitFailed>(&fact)) {
        on_attempt_over(failed->unit, failed->end);
    } else if (const auto* back = std::get_if<UnitGivenBack>(&fact)) {
        on_attempt_over(back->unit, back->end);
        if (is_own_failure(back->end.cause)) {
            const std::uint32_t failures = state.unit(back->unit).own_failures;
            delayed[back->unit] = now.boot + retry_delay(failures);
        } else if (back->end.cause == Cause::agent_lost) {
            delayed[back->unit] = now.boot + spool_wait;
        }
    } else if (const auto* gone = std::get_if<AgentGone>(&fact)) {
        agents.erase(gone->incarnation);
    } else if (std::holds_alternative<AllocationIntended>(fact)) {
        successors_awaited = now.boot + successor_wait;
    } else if (const auto* started = std::get_if<AllocationStarted>(&fact)) {
        learn_end(started->allocation, started->end_unix, now);
    } else if (std::holds_alternative<AllocationRefused>(fact)) {
        ask_again = now.boot + ask_delay(refusals++);
    } else if (std::holds_alternative<AllocationSubmitted>(fact)) {
        refusals = 0;
    } else if (const auto* decided = std::get_if<SelectionDecided>(&fact)) {
        selected[decided->select] = true;
    } else if (std::holds_alternative<SweepContinued>(fact)) {
        began_paused = false;
        ask_again = Millis{0};
    } else if (std::holds_alternative<UnitsRevived>(fact) || std::holds_alternative<UnitReopened>(fact)) {
        delayed.clear();
        adoption_asked.clear();
    }
}

void Presence::on_attempt_over(UnitKey unit, const AttemptEnd& end) {
    running.erase(unit);
    delayed.erase(unit);
    // Failures are quick, and an agent that is thought to be quick gets many units at once.
    if (end.cause != Cause::none) return;
    std::optional<double>& average = duration_ms[unit.stage.value];
    const auto newest = static_cast<double>(std::max(end.ran, Millis{0}).count());
    average = average ? *average + newest_weight * (newest - *average) : newest;
}

void Presence::forget_delays(Now now) {
    std::erase_if(delayed, [&](const auto& entry) { return entry.second <= now.boot; });
}

void Presence::on_spool_read(const State& state, IncarnationId agent) {
    std::erase_if(delayed, [&](const auto& entry) {
        if (!state.has_unit(entry.first)) return true;
        const UnitState& unit = state.unit(entry.first);
        return unit.cause == Cause::agent_lost && state.agents()[unit.agent].incarnation == agent;
    });
}

}  // namespace xorch
