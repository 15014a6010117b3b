// What a million planned units cost: time to expand them, memory for each, and the time to ask for
// one unit's id or parameters.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/decide/state.h"
#include "core/plan.h"

namespace xorch {
namespace {

constexpr std::int64_t million = 1'000'000;

Axis range(std::string name, std::int64_t count) {
    Axis axis;
    axis.name = std::move(name);
    for (std::int64_t i = 0; i < count; ++i)
        axis.values.emplace_back(i);
    return axis;
}

Stage stage(std::string name, std::vector<Axis> axes) {
    Stage result;
    result.name = std::move(name);
    result.job = "noop";
    result.axes = std::move(axes);
    result.params = {
        {"epochs", 20   },
        {"data",   "set"}
    };
    return result;
}

Sweep sweep(std::vector<Stage> stages) {
    Sweep result;
    result.name = "bench";
    result.stages = std::move(stages);
    return result;
}

// The sizes of grids that people run, up to a million.
Sweep grid() {
    return sweep({stage("grid", {range("lr", 100), range("width", 100), range("repeat", 100)})});
}

// All units on one axis: the worst case for the memory of its values.
Sweep line() {
    return sweep({stage("line", {range("i", million)})});
}

// Half of the points excluded: a million units are listed one by one.
Sweep excluded() {
    Stage stage_with_conditions =
        stage("excluded", {range("lr", 200), range("width", 100), range("repeat", 100)});
    Condition upper_half;
    upper_half.param = "lr";
    upper_half.at_least = 100;
    stage_with_conditions.exclude = {{upper_half}};
    return sweep({stage_with_conditions});
}

// One to one: as many groups of inputs as units.
Sweep chain() {
    Stage second = stage("second", {range("lr", 100), range("width", 100), range("repeat", 50)});
    Stage first = second;
    first.name = "first";
    second.params = {
        {"evaluate", true}
    };
    second.needs = {"first"};
    return sweep({first, second});
}

// A value given twice: every unit has to be hashed to find that none is equal (zipped with
// another).
Sweep hashed() {
    Stage zipped = stage("hashed", {range("a", 1000), range("b", 1000), range("c", 1000)});
    zipped.axes[0].values[1] = 0;
    zipped.axes[1].when.emplace_back();
    zipped.axes[1].when[0].param = "epochs";
    zipped.axes[1].when[0].is = 20;
    zipped.zip = {
        {"a", "b"}
    };
    return sweep({zipped});
}

void make_plan(benchmark::State& state, Sweep (*build)()) {
    const Sweep from = build();
    std::uint64_t units = 0;
    std::size_t bytes = 0;
    for (auto _ : state) {
        state.PauseTiming();
        Sweep copy = from;
        state.ResumeTiming();
        const auto plan = Plan::make(std::move(copy));
        if (!plan) {
            state.SkipWithError(plan.error().message.c_str());
            return;
        }
        state.PauseTiming();
        units = 0;
        for (std::uint32_t s = 0; s < plan->stage_count(); ++s)
            units += plan->unit_count(StageIndex{s});
        bytes = plan->memory_bytes();
        state.ResumeTiming();
    }
    const auto count = static_cast<double>(units);
    state.counters["units"] = count;
    state.counters["plan_bytes_per_unit"] = static_cast<double>(bytes) / count;
    state.counters["with_state_bytes_per_unit"] =
        static_cast<double>(bytes) / count + static_cast<double>(sizeof(UnitState));
}

void ask_each(benchmark::State& state, Sweep (*build)(), void (*ask)(const Plan&, UnitKey)) {
    const auto plan = Plan::make(build());
    const std::uint32_t last = plan->stage_count() - 1;
    std::uint32_t index = 0;
    for (auto _ : state) {
        ask(*plan, {StageIndex{last}, index});
        index = (index + 7919) % plan->unit_count(StageIndex{last});
    }
}

void ask_id(const Plan& plan, UnitKey unit) {
    benchmark::DoNotOptimize(plan.id(unit));
}

void ask_parameters(const Plan& plan, UnitKey unit) {
    benchmark::DoNotOptimize(plan.parameters(unit));
}

BENCHMARK_CAPTURE(make_plan, grid, grid)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plan, line, line)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plan, excluded, excluded)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plan, chain, chain)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(make_plan, hashed, hashed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ask_each, id, grid, ask_id)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ask_each, id_with_input, chain, ask_id)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ask_each, parameters, grid, ask_parameters)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace xorch

BENCHMARK_MAIN();
