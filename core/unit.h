#pragma once

// A unit's life: its phases, what ends an attempt, and the one table that says which phase follows
// which. The live path and the replay of the journal go through the same table
// (coordinator/decide/state.h).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xorch {

enum class UnitPhase : std::uint8_t {
    waiting,    // an input, its selection or another unit of the same id is not final
    ready,      // may be assigned, perhaps only later (retry delay) or alone
    assigned,   // an agent holds its current attempt, queued or running
    done,       // final: one complete record set
    failed,     // final: see the cause
    cancelled,  // final
    hopeless,   // final: a [[stop]] rule gave it up; its rows so far are kept and chosen nowhere
};

inline constexpr std::size_t unit_phase_count = 7;

bool is_final(UnitPhase phase);
std::string_view phase_name(UnitPhase phase);

// Why an attempt ended, or why a unit is failed. Causes are kept apart because each is somebody
// else's to mend.
enum class Cause : std::uint8_t {
    none,
    // The unit's own failures: they use up `retries`.
    user_error,  // exit code other than 0 and the checkpoint code
    records,     // exit 0 without the declared records, or with malformed ones
    crash,       // a signal that nobody sent on purpose
    out_of_memory,
    spawn,         // the program could not be started
    output_limit,  // the unit filled its disk share or could not be stopped from flooding
    // Known stops: they never use up `retries`, but two without a newer checkpoint between them end
    // the unit.
    checkpointed,  // exit 75: "call me again"
    time_limit,    // stopped because the allocation ends
    preempted,
    stop_request,  // stopped because the user asked the sweep to stop
    // Nobody's fault of the unit's.
    agent_lost,  // its agent or node died, or fell silent
    superseded,  // a newer attempt exists
    cancelled,
    // Final only.
    timeout,  // limits.timeout over all attempts
    no_progress,
    upstream,      // an input failed for good
    gate_not_met,  // its selection was refused
    poison,        // its agents died although it ran alone, more often than `retries`
    collateral,    // another rank of its gang failed
    hopeless,      // a [[stop]] rule holds for its rows
};

std::string_view cause_name(Cause cause);
std::optional<Cause> parse_cause(std::string_view name);

// Counts against `retries`.
bool is_own_failure(Cause cause);

// The attempt says how the unit ends, and no further attempt can say otherwise.
bool is_outcome(Cause cause);

// The attempt was stopped in good order and may go on from its checkpoint.
bool is_known_stop(Cause cause);

// What can happen to a unit. `assign` .. `cancel` are facts of the journal.
enum class UnitEvent : std::uint8_t {
    inputs_met,
    assign,
    finish,
    give_back,
    fail,
    cancel,
    revive,
    reopen,
    find_hopeless
};

std::string_view event_name(UnitEvent event);

// The phase after `event`, or nothing if that cannot happen in `phase`.
std::optional<UnitPhase> next_phase(UnitPhase phase, UnitEvent event);

}  // namespace xorch
