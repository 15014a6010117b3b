#include "tests/simulation/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/stop_rule.h"

namespace xorch::simulation {

namespace {

Axis number_axis(const std::string& name, std::uint64_t count) {
    Axis axis;
    axis.name = name;
    for (std::uint64_t i = 0; i < count; ++i) {
        axis.values.emplace_back(static_cast<std::int64_t>(i));
    }
    return axis;
}

Stage draw_stage(Dice& dice, const std::string& name) {
    Stage stage;
    stage.name = name;
    stage.argv = {"unit", name};
    stage.resources.cpus = dice.chance(0.8) ? 1 : 2;
    stage.limits.retries = static_cast<std::uint32_t>(dice.below(3));
    stage.canary = dice.chance(0.5);
    stage.records.required = {"score"};
    return stage;
}

// From dice of its own, so that sweeps without gangs stay what they were. What is drawn fits an
// allocation that lost nothing.
void draw_gangs(Scenario& scenario) {
    Dice dice(mix(scenario.seed, 0x6a46));
    if (!dice.chance(0.4)) return;
    scenario.nodes = static_cast<std::uint32_t>(dice.between(2, 3));
    scenario.sweep.slurm.nodes = scenario.nodes;
    const std::uint64_t always = dice.below(scenario.sweep.stages.size());
    for (std::size_t s = 0; s < scenario.sweep.stages.size(); ++s) {
        const bool is_gang = dice.chance(0.4) || s == always;
        if (!is_gang) continue;
        Resources& resources = scenario.sweep.stages[s].resources;
        const std::uint32_t on_node = scenario.capacity.cpus / resources.cpus;
        resources.ranks =
            static_cast<std::uint32_t>(dice.between(2, std::max(2U, on_node * scenario.nodes)));
        if (!dice.chance(0.4)) continue;
        const std::uint32_t least = (resources.ranks - 1) / scenario.nodes + 1;
        resources.ranks_per_node = static_cast<std::uint32_t>(dice.between(least, on_node));
        resources.ranks_per_node = std::min(resources.ranks_per_node, resources.ranks);
    }
}

// From dice of its own, as above.
void draw_judgement(Scenario& scenario) {
    Dice dice(mix(scenario.seed, 0x6a75));
    Sweep& sweep = scenario.sweep;
    scenario.varies = dice.chance(0.4);
    if (!sweep.selects.empty() && dice.chance(0.5)) {
        sweep.gates.push_back(
            {.name = "eyes", .select = sweep.selects.front().name, .look_at = "the pictures"}
        );
    }
    if (!dice.chance(0.4)) return;
    StopRule rule;
    rule.stage = dice.chance(0.5) ? sweep.stages.front().name : "";
    rule.condition.metric = "recall";
    rule.condition.at_most = 0.0;
    rule.from_step = 1;
    sweep.stops.push_back(std::move(rule));
}

std::uint64_t first_bytes(const UnitId& id) {
    std::uint64_t value = 0;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
}

}  // namespace

Scenario draw_scenario(Dice& dice) {
    Scenario scenario;
    scenario.seed = dice.next();
    scenario.capacity = {.cpus = static_cast<std::uint32_t>(dice.between(2, 4))};
    Sweep& sweep = scenario.sweep;
    sweep.name = "simulated";
    sweep.seed = static_cast<std::int64_t>(dice.below(1'000));
    sweep.directory = "/home";
    sweep.tuning.drain_slack = Millis{5'000};

    Stage first = draw_stage(dice, "first");
    first.axes = {number_axis("a", dice.between(1, 6)), number_axis("b", dice.between(1, 3))};
    sweep.stages.push_back(std::move(first));
    const std::uint64_t more = dice.below(3);
    if (more >= 1) {
        Stage second = draw_stage(dice, "second");
        if (dice.chance(0.5)) {
            sweep.selects.push_back(
                {.name = "best",
                 .from = "first",
                 .order = {{.metric = "score", .minimise = dice.chance(0.5)}},
                 .require = {},
                 .take = static_cast<std::uint32_t>(dice.between(1, 3))}
            );
            second.promote = "best";
            second.axes = {number_axis("c", dice.between(1, 2))};
        } else {
            second.needs = {"first"};
            second.axes = {number_axis("a", sweep.stages[0].axes[0].values.size())};
        }
        sweep.stages.push_back(std::move(second));
    }
    if (more >= 2) {
        Stage third = draw_stage(dice, "third");
        third.needs = {dice.chance(0.5) ? "second" : "first"};
        third.axes = {number_axis("d", dice.between(1, 3))};
        sweep.stages.push_back(std::move(third));
    }
    if (dice.chance(0.35)) {
        sweep.backend = BackendKind::slurm;
        sweep.slurm.place = dice.chance(0.6) ? SlurmPlace::allocation : SlurmPlace::host;
        sweep.slurm.max_allocations = static_cast<std::uint32_t>(dice.between(1, 2));
    }
    draw_gangs(scenario);
    draw_judgement(scenario);
    return scenario;
}

Script script_of(const Scenario& scenario, const UnitId& id, std::uint32_t stage) {
    Dice dice(mix(scenario.seed, first_bytes(id)));
    Script script;
    // A few kinds per stage, so that there are sweeps of nothing but checkpointing units as well as
    // mixed ones.
    Dice kinds(mix(scenario.seed, stage));
    const auto kind = kinds.chance(0.5) ? kinds.below(7) : dice.below(7);
    script.behaviour = static_cast<Behaviour>(kind);
    script.step_time = dice.between(Millis{100}, Millis{3'000});
    script.steps = static_cast<std::uint32_t>(dice.between(1, 30));
    if (script.behaviour == Behaviour::instant) {
        script.steps = 1;
        script.step_time = Millis{0};
    }
    const bool checkpoints =
        script.behaviour != Behaviour::steady && script.behaviour != Behaviour::instant;
    if (checkpoints) {
        script.interval = static_cast<std::uint32_t>(dice.between(1, 8));
        script.save_time = dice.between(Millis{10}, Millis{2'000});
    }
    if (script.behaviour == Behaviour::failing) {
        script.failures = static_cast<std::uint32_t>(dice.between(1, 3));
    }
    script.varies = scenario.varies;
    const Sweep& sweep = scenario.sweep;
    Dice fate(mix(mix(scenario.seed, first_bytes(id)), 0x6a75));
    if (!stop_rules_of(sweep, sweep.stages[stage]).empty() && fate.chance(0.3)) {
        script.hopeless_at = static_cast<std::uint32_t>(fate.between(1, script.steps));
    }
    return script;
}

std::uint64_t state_after(const UnitId& id, std::uint32_t seed, std::uint32_t steps) {
    std::uint64_t state = mix(first_bytes(id), seed);
    for (std::uint32_t step = 0; step < steps; ++step) {
        state = mix(state, step);
    }
    return state;
}

std::string expected_rows(
    const Script& script, const UnitId& id, std::uint32_t seed, AttemptNumber attempt
) {
    const std::uint64_t state = state_after(id, seed, script.steps);
    return fmt::format(
        "{{\"unit\":\"{}\",\"steps\":{},\"score\":{}{}}}\n",
        format_unit_id(id),
        script.steps,
        state % 1'000,
        script.varies ? fmt::format(",\"attempt\":{}", attempt.value) : ""
    );
}

std::string hopeless_rows(const Script& script) {
    return fmt::format("{{\"step\":{},\"recall\":0.0}}\n", script.hopeless_at);
}

}  // namespace xorch::simulation
