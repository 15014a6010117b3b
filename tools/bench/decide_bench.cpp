// How fast facts are applied, units are scheduled and gangs are placed. Run by hand:
//   build/release/tools/bench/decide_bench [units]
//
// Prints one line per measurement: what, units, seconds, microseconds per unit.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "coordinator/decide/reign.h"
#include "coordinator/decide/schedule/gangs.h"

namespace xorch {
namespace {

class Stopwatch {
 public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

 private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void print(const std::string& what, std::uint32_t units, double seconds) {
    fmt::print(
        "{:<28} {:>9} units {:>8.3f} s {:>8.3f} us/unit\n",
        what,
        units,
        seconds,
        seconds * 1e6 / units
    );
}

Plan make_plan(std::uint32_t units) {
    Stage stage;
    stage.name = "noop";
    stage.argv = {"true"};
    stage.canary = false;
    // Two axes, so that no axis is a million values long.
    const std::uint32_t rows = 1'000;
    Axis major{.name = "a", .values = {}, .when = {}};
    Axis minor{.name = "b", .values = {}, .when = {}};
    for (std::uint32_t i = 0; i < std::max(1U, units / rows); ++i)
        major.values.emplace_back(static_cast<int>(i));
    for (std::uint32_t i = 0; i < std::min(rows, units); ++i)
        minor.values.emplace_back(static_cast<int>(i));
    stage.axes = {major, minor};
    Sweep sweep;
    sweep.name = "bench";
    sweep.stages = {stage};
    auto plan = Plan::make(std::move(sweep));
    XORCH_CHECK(plan.has_value(), plan.error().message);
    return std::move(*plan);
}

AttemptEnd small_end() {
    AttemptEnd end;
    end.rows = "{\"x\": 0.25}\n";
    end.env_key = "bench";
    return end;
}

void must(const Result<void>& result) {
    XORCH_CHECK(result.has_value(), result.error().message);
}

constexpr IncarnationId agent{7};

// Assigned and finished in batches of 1,000, as replay does it; only apply() is measured.
void bench_apply(std::uint32_t units) {
    State state(make_plan(units));
    must(state.apply({{}, {AgentJoined{agent, AllocationId{1}, "n", {.cpus = 8}}}}, {1, 0, 64}));
    const std::uint32_t count = state.plan().unit_count(StageIndex{0});
    double assigning = 0;
    double finishing = 0;
    constexpr std::uint32_t batch_size = 1'000;
    for (std::uint32_t first = 0; first < count; first += batch_size) {
        UnitsAssigned assigned{.incarnation = agent, .alone = false, .units = {}};
        FactBatch finished;
        for (std::uint32_t i = first; i < std::min(first + batch_size, count); ++i) {
            const UnitKey unit{StageIndex{0}, i};
            assigned.units.push_back({unit, AttemptNumber{1}});
            finished.facts.emplace_back(UnitFinished{unit, AttemptNumber{1}, small_end()});
        }
        const Stopwatch assign_time;
        must(state.apply({{}, {assigned}}, {1, 0, 64}));
        assigning += assign_time.seconds();
        const Stopwatch finish_time;
        must(state.apply(finished, {1, 0, 64}));
        finishing += finish_time.seconds();
    }
    print("apply UnitsAssigned", count, assigning);
    print("apply UnitFinished", count, finishing);
    const Stopwatch save_time;
    const std::string bytes = state.save();
    print(fmt::format("save ({} bytes)", bytes.size()), count, save_time.seconds());
    Plan plan = make_plan(units);
    const Stopwatch load_time;
    XORCH_CHECK(State::load(std::move(plan), bytes).has_value(), "cannot load");
    print("load", count, load_time.seconds());
    fmt::print(
        "state and plan: {:.1f} bytes per unit\n", static_cast<double>(state.memory_bytes()) / count
    );
}

class NoJournal : public FactSink {
 public:
    Appended append(const FactBatch&) override {
        return {
            ++sequence_, {1, 0, 64}
        };
    }

    std::uint64_t sequence() const { return sequence_; }

 private:
    std::uint64_t sequence_ = 0;
};

// One agent that ends everything it gets, 256 reports per frame.
void bench_reign(std::uint32_t units) {
    NoJournal journal;
    Now now{Millis{1}, Millis{1}};
    Reign reign(State(make_plan(units)), EpochNumber{1}, journal, now);
    reign.on_tick(now);
    AgentHello hello;
    hello.incarnation = agent;
    hello.allocation = AllocationId{1};
    hello.node = "n";
    hello.capacity.cpus = 2;
    hello.first_unacknowledged = 1;
    const Stopwatch time;
    reign.on_agent_message(now, agent, hello);
    std::vector<AssignedUnit> queue;
    std::uint64_t report = 1;
    std::size_t done = 0;
    while (!reign.state().complete()) {
        reign.on_durable(now, journal.sequence());
        for (const Outgoing& message : reign.take()) {
            const auto* to = std::get_if<ToAgent>(&message);
            const auto* keys = to == nullptr ? nullptr : std::get_if<AssignKeys>(&to->message);
            if (keys == nullptr) continue;
            queue.insert(queue.end(), keys->units.begin(), keys->units.end());
        }
        std::vector<AgentMessage> frame;
        for (; done < queue.size() && frame.size() < 256; ++done)
            frame.emplace_back(EndReport{
                report++, queue[done].unit, queue[done].attempt, small_end()});
        XORCH_CHECK(!frame.empty(), "nothing was assigned");
        reign.on_agent_messages(now, agent, frame);
    }
    print("reign, one agent", static_cast<std::uint32_t>(done), time.seconds());
}

// Agents whose nodes are all free at once, in allocations of 64, and gangs of two and of eight
// ranks for half of them among single units for the rest: all gangs are placed, one after another.
void bench_gangs(std::uint32_t agents) {
    constexpr std::uint32_t allocation_nodes = 64;
    Sweep sweep = make_plan(agents).sweep();
    for (const std::uint32_t ranks : {2U, 8U}) {
        Stage& gang = sweep.stages.emplace_back(sweep.stages.front());
        gang.name = fmt::format("gang{}", ranks);
        gang.resources.ranks = ranks;
        gang.resources.ranks_per_node = 1;
        Axis axis{.name = "a", .values = {}, .when = {}};
        for (std::uint32_t i = 0; i < agents / 4 / ranks; ++i)
            axis.values.emplace_back(static_cast<int>(i));
        gang.axes = {axis};
    }
    auto plan = Plan::make(std::move(sweep));
    XORCH_CHECK(plan.has_value(), plan.error().message);
    State state(std::move(*plan));
    const Now now{Millis{1}, Millis{1}};
    Presence presence(state, EpochNumber{1}, now);
    FactBatch joined;
    for (std::uint32_t i = 0; i < agents; ++i) {
        const IncarnationId one{i + 1};
        const AllocationId allocation{i / allocation_nodes + 1};
        joined.facts.emplace_back(AgentJoined{one, allocation, fmt::format("n{}", i), {.cpus = 1}});
        presence.agents[one] = {.last_heard = now.boot, .greeted = true};
    }
    must(state.apply(joined, {1, 0, 64}));
    std::uint32_t placed = 0;
    const Stopwatch time;
    GangPlacer gangs(state, presence, now);
    for (Effects next = gangs.next(); !next.empty(); next = gangs.next()) {
        must(state.apply({{}, next.facts}, {1, 0, 64}));
        ++placed;
    }
    XORCH_CHECK(placed > 0, "no gang was placed");
    print(fmt::format("gangs on {} free nodes", agents), placed, time.seconds());
}

}  // namespace
}  // namespace xorch

int main(int argc, char** argv) {
    const std::vector<std::uint32_t> sizes =
        argc > 1 ? std::vector{static_cast<std::uint32_t>(std::atoi(argv[1]))}
                 : std::vector<std::uint32_t>{10'000, 100'000, 1'000'000};
    for (const std::uint32_t units : sizes) {
        xorch::bench_apply(units);
        xorch::bench_reign(units);
    }
    for (const std::uint32_t agents : {256U, 1'024U, 4'096U})
        xorch::bench_gangs(agents);
    return 0;
}
