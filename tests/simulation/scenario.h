#pragma once

// The sweep of one run and how its units behave: small, random, and known in advance, so that what
// a unit must report can be said without running anything.

#include <cstdint>
#include <string>

#include "core/facts.h"
#include "core/ids.h"
#include "core/sweep.h"
#include "core/time.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {

enum class Behaviour {
    steady,         // no checkpoints; dies at TERM
    checkpointing,  // every `interval` steps
    returning,      // checkpoints and exits with 75 after each checkpoint
    failing,        // fails `failures` times, then succeeds; checkpoints
    stubborn,       // ignores the stop; checkpoints
    orphaning,      // a process of it lives on for a while after its end
    instant,        // a no-op
};

struct Script {
    Behaviour behaviour = Behaviour::steady;
    std::uint32_t steps = 1;
    std::uint32_t interval = 0;  // steps between checkpoints; 0 = none
    Millis step_time{0};
    Millis save_time{0};
    std::uint32_t failures = 0;  // attempts that fail before one succeeds
    // The step whose row shows that the unit is hopeless; 0 = none does.
    std::uint32_t hopeless_at = 0;
    bool varies = false;  // each attempt reports something of its own, as times are
};

struct Scenario {
    Sweep sweep;
    std::uint64_t seed = 0;
    Capacity capacity;
    std::uint32_t nodes = 0;  // of an allocation; 0 = one or two
    bool varies = false;      // records differ from attempt to attempt
};

Scenario draw_scenario(Dice& dice);

// How the unit behaves, in every attempt on every node.
Script script_of(const Scenario& scenario, const UnitId& id, std::uint32_t stage);

// The state of a unit after `steps` steps; what a checkpoint holds.
std::uint64_t state_after(const UnitId& id, std::uint32_t seed, std::uint32_t steps);

// The records that the attempt reports if it comes to its end, whatever disturbed it.
std::string expected_rows(
    const Script& script, const UnitId& id, std::uint32_t seed, AttemptNumber attempt
);

// Those of a unit that is found hopeless.
std::string hopeless_rows(const Script& script);

}  // namespace xorch::simulation
