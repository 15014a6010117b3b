#pragma once

// Small sweeps for the tests of the coordinator's decisions.

#include <string>

#include "coordinator/decide/state.h"
#include "core/sweep.h"

namespace xorch {

// `count` units along the axis `i`, without a canary wave.
Stage make_stage(const std::string& name, int count);

// `count` gangs of so many ranks.
Stage make_gangs(const std::string& name, int count, std::uint32_t ranks);

Sweep make_sweep(std::vector<Stage> stages);

// The plan must exist.
State make_state(Sweep sweep);

// Applies one batch as if it were the only one; the facts must be possible.
void apply(State& state, std::vector<Fact> facts);

constexpr IncarnationId agent_a{0xa};
constexpr IncarnationId agent_b{0xb};

Fact joined(IncarnationId agent, const std::string& node = "node-1", std::uint32_t cpus = 2);
Fact assigned(IncarnationId agent, UnitKey unit, std::uint32_t attempt);
// The first of the shares leads.
Fact assigned(UnitKey unit, std::uint32_t attempt, std::vector<GangShare> gang);
Fact finished(UnitKey unit, std::uint32_t attempt, const std::string& rows = "{\"x\": 1}\n");
AttemptEnd ended(Cause cause, Millis ran = Millis{1'000});

constexpr UnitKey key(std::uint32_t stage, std::uint32_t index) {
    return {StageIndex{stage}, index};
}

}  // namespace xorch
