#include "tests/coordinator/decide/sweeps.h"

namespace xorch {

Stage make_stage(const std::string& name, int count) {
    Stage stage;
    stage.name = name;
    stage.argv = {name, "{i}"};
    Axis axis{.name = "i", .values = {}, .when = {}};
    for (int i = 0; i < count; ++i)
        axis.values.emplace_back(i);
    stage.axes.push_back(axis);
    stage.canary = false;
    return stage;
}

Stage make_gangs(const std::string& name, int count, std::uint32_t ranks) {
    Stage stage = make_stage(name, count);
    stage.resources.ranks = ranks;
    return stage;
}

Sweep make_sweep(std::vector<Stage> stages) {
    Sweep sweep;
    sweep.name = "test";
    sweep.stages = std::move(stages);
    return sweep;
}

State make_state(Sweep sweep) {
    auto plan = Plan::make(std::move(sweep));
    XORCH_CHECK(plan.has_value(), plan.error().message);
    return State(std::move(*plan));
}

void apply(State& state, std::vector<Fact> facts) {
    const FactBatch batch{.at_unix = Millis{0}, .facts = std::move(facts)};
    const auto applied = state.apply(batch, {.segment = 1, .fact = 0, .offset = 64});
    XORCH_CHECK(applied.has_value(), applied.error().message);
    const auto sound = state.check_invariants();
    XORCH_CHECK(sound.has_value(), sound.error().message);
}

Fact joined(IncarnationId agent, const std::string& node, std::uint32_t cpus) {
    return AgentJoined{
        .incarnation = agent,
        .allocation = AllocationId{1},
        .node = node,
        .capacity = {.cpus = cpus}};
}

Fact assigned(IncarnationId agent, UnitKey unit, std::uint32_t attempt) {
    return UnitsAssigned{
        .incarnation = agent, .alone = false, .units = {{unit, AttemptNumber{attempt}}}};
}

Fact assigned(UnitKey unit, std::uint32_t attempt, std::vector<GangShare> gang) {
    const IncarnationId leader = gang.front().agent;
    return UnitsAssigned{
        .incarnation = leader,
        .alone = false,
        .units = {{unit, AttemptNumber{attempt}}},
        .gang = std::move(gang)};
}

AttemptEnd ended(Cause cause, Millis ran) {
    AttemptEnd end;
    end.cause = cause;
    end.ran = ran;
    end.exit_code = cause == Cause::user_error ? 1 : 0;
    end.message = cause == Cause::none ? "" : "ended: " + std::string(cause_name(cause));
    return end;
}

Fact finished(UnitKey unit, std::uint32_t attempt, const std::string& rows) {
    AttemptEnd end = ended(Cause::none);
    end.rows = rows;
    return UnitFinished{unit, AttemptNumber{attempt}, end};
}

}  // namespace xorch
