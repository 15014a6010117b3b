#include "tests/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "coordinator/decide/select/gate.h"
#include "core/unit.h"
#include "tests/simulation/agent_process.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/heir_watch.h"
#include "tests/simulation/network.h"
#include "tests/simulation/ranks.h"

namespace xorch::simulation {

namespace {

constexpr std::uint32_t coordinator_hosts = 3;
constexpr Millis supervise_every{1'000};

// Somebody looks at what a gate holds, whether it is there yet or not.
constexpr Millis looks_every{40'000};

// Faults over, everything runnable finishes within this: hundreds of times what the units take.
constexpr Millis finish_within{3 * 3'600'000};

// A run that needs more is going round in circles.
constexpr std::uint64_t events_max = 2'000'000;

constexpr Millis unix_start{1'700'000'000'000};

}  // namespace

Draw draw_world(std::uint64_t seed) {
    Dice dice(mix(seed, 0x5eed));
    const Faults faults = draw_faults(dice);
    Scenario scenario = draw_scenario(dice);
    return {.dice = dice, .faults = faults, .scenario = std::move(scenario)};
}

World::World(Draw draw, bool prints)
    : dice(draw.dice),
      faults(draw.faults),
      scenario(std::move(draw.scenario)),
      timeline(prints),
      disk(dice.split()),
      durable(disk),
      layout{.root = "/sweep"},
      ledger(durable, layout, scenario, history),
      network(std::make_unique<Network>(*this)),
      allocations(std::make_unique<Allocations>(*this)),
      ranks(std::make_unique<Ranks>(*this)),
      clients(std::make_unique<Clients>(*this)),
      heirs(std::make_unique<HeirWatch>(*this)) {
    for (int i = 0; i < 64; ++i) {
        // Slurm's nodes agree on the time, or Slurm would not run.
        const bool differs = faults.clocks_differ && scenario.sweep.backend != BackendKind::slurm;
        clock_skew_.push_back(
            differs ? dice.between(Millis{-3'600'000}, Millis{3'600'000}) : Millis{0}
        );
    }
    DiskView view(disk, 0, dice.split());
    for (const std::string& path : {layout.root, layout.journal(), layout.spool()}) {
        const auto made = view.make_directory(path);
        XORCH_CHECK(made.has_value(), "a fresh disk takes a directory");
    }
}

World::~World() = default;

Now World::now_on(std::uint32_t host) const {
    const Millis skew = clock_skew_[host % clock_skew_.size()];
    // Each host booted at another time.
    const Millis boot = timeline.now() + Millis{1'000'000} + Millis{host} * 10'000;
    return {.boot = boot, .unix = unix_start + timeline.now() + skew};
}

CoordinatorProcess* World::reigning() {
    for (auto each = coordinators.rbegin(); each != coordinators.rend(); ++each) {
        if ((*each)->reigns() && !(*each)->is_paused()) return each->get();
    }
    return nullptr;
}

RunResult World::run() {
    start_coordinator(1);
    plan_faults();
    timeline.after(supervise_every, [this] { supervise(); });
    timeline.at(faults.last, [this] { heal(); });
    while (!complete_ && history.violations().empty()) {
        if (!timeline.step()) break;
        heirs->look();
        if (timeline.events() > events_max) violate("I17: too many events");
    }
    if (complete_ && history.violations().empty()) ledger.read();
    RunResult result{
        .passed = complete_ && history.violations().empty(),
        .problem = {},
        .trace_hash = timeline.trace_hash(),
        .events = timeline.events()};
    if (!history.violations().empty()) result.problem = history.violations().front();
    if (!result.passed && result.problem.empty()) result.problem = "I17: nothing happens any more";
    return result;
}

void World::plan_faults() {
    repeat_fault(faults.agent_killed, &World::kill_an_agent);
    repeat_fault(faults.node_lost, &World::lose_a_node);
    repeat_fault(faults.coordinator_killed, &World::kill_the_coordinator);
    repeat_fault(faults.coordinator_host_lost, &World::lose_the_coordinator_host);
    repeat_fault(faults.coordinator_paused, &World::pause_the_coordinator);
    repeat_fault(faults.disconnected, &World::break_a_connection);
    repeat_fault(faults.cut, &World::cut_a_connection);
    repeat_fault(faults.checkpoint_damaged, &World::damage_a_checkpoint);
    if (scenario.sweep.backend == BackendKind::slurm) {
        repeat_fault(faults.requeued, &World::requeue_a_job);
        repeat_fault(faults.preempted, &World::preempt_a_job);
    }
    repeat_fault(faults.stop_requested, &World::request_a_stop);
    repeat_fault(faults.client_acts, &World::let_a_client_act);
    if (!scenario.sweep.gates.empty()) repeat_fault(looks_every, &World::let_somebody_look);
}

void World::repeat_fault(Millis mean, void (World::*strike)()) {
    if (mean == Millis{0}) return;
    timeline.after(dice.between(Millis{0}, 2 * mean), [this, mean, strike] {
        if (healed_) return;
        (this->*strike)();
        repeat_fault(mean, strike);
    });
}

AgentProcess* World::any_agent() {
    std::vector<AgentProcess*> living;
    for (const auto& agent : agents) {
        if (agent->alive()) living.push_back(agent.get());
    }
    return living.empty() ? nullptr : living[dice.below(living.size())];
}

void World::kill_an_agent() {
    if (AgentProcess* agent = any_agent()) allocations->on_agent_died(*agent);
}

void World::lose_a_node() {
    // The last one: nobody could know about it.
    if (reigns_in_allocations() && !allocations->successor_waits()) return;
    if (AgentProcess* agent = any_agent()) allocations->lose_node(agent->place().host);
}

void World::kill_the_coordinator() {
    if (CoordinatorProcess* coordinator = reigning()) coordinator->kill(CoordinatorDeath::fault);
}

void World::lose_the_coordinator_host() {
    CoordinatorProcess* coordinator = reigning();
    if (coordinator == nullptr) return;
    const std::uint32_t host = coordinator->host();
    if (host > coordinator_hosts) {
        if (allocations->successor_waits()) allocations->lose_node(host);
        return;
    }
    timeline.note(fmt::format("host {} is lost", host));
    for (const auto& each : coordinators) {
        if (each->host() == host) each->kill(CoordinatorDeath::fault);
    }
    disk.crash_host(host);
}

// Others take it for dead, or nearly; then it goes on as if nothing had been.
void World::pause_the_coordinator() {
    CoordinatorProcess* coordinator = reigning();
    if (coordinator == nullptr) return;
    coordinator->pause(dice.between(Millis{1'000}, Millis{60'000}));
    if (reigns_in_allocations()) return;  // somebody stands by
    const std::uint32_t other = coordinator->host() % coordinator_hosts + 1;
    timeline.after(dice.between(Millis{0}, Millis{20'000}), [this, other] {
        if (!complete_) start_coordinator(other);
    });
}

void World::wake_a_rival(Millis within) {
    for (const auto& coordinator : coordinators) {
        if (dice.chance(0.5)) coordinator->wake_within(dice.between(Millis{0}, within));
    }
}

void World::break_a_connection() {
    const std::vector<std::uint32_t> up = network->links_up();
    if (!up.empty()) network->break_link(up[dice.below(up.size())]);
}

void World::cut_a_connection() {
    const std::vector<std::uint32_t> up = network->links_up();
    if (up.empty()) return;
    network->cut(
        up[dice.below(up.size())],
        dice.chance(0.5),
        dice.between(Millis{100}, Millis{dice.chance(0.5) ? 15'000 : 90'000})
    );
}

void World::damage_a_checkpoint() {
    const std::string path = disk.damage_below(layout.units());
    if (path.empty()) return;
    timeline.note("damaged: " + path);
    history.on_damaged(path);
}

void World::requeue_a_job() {
    allocations->requeue_a_job();
}

void World::preempt_a_job() {
    allocations->preempt_a_job();
}

void World::request_a_stop() {
    CoordinatorProcess* coordinator = reigning();
    if (coordinator == nullptr) return;
    const bool at_once = dice.chance(0.3);
    timeline.note(at_once ? "stop at once" : "stop");
    coordinator->request_stop(at_once);
}

void World::let_a_client_act() {
    clients->act();
}

void World::let_somebody_look() {
    clients->look();
}

void World::heal() {
    timeline.note("faults are over");
    healed_ = true;
    healed_at_ = timeline.now();
    network->heal();
    for (const auto& coordinator : coordinators) {
        coordinator->disk().heal();
    }
    for (const auto& agent : agents) {
        agent->disk().heal();
    }
}

bool World::reigns_in_allocations() const {
    const Sweep& sweep = scenario.sweep;
    return sweep.backend == BackendKind::slurm && sweep.slurm.place == SlurmPlace::allocation;
}

void World::start_coordinator(std::uint32_t host) {
    const auto number = static_cast<std::uint32_t>(coordinators.size());
    coordinators.push_back(std::make_unique<CoordinatorProcess>(
        *this, number, CoordinatorPlace{.host = host, .only_submits = reigns_in_allocations()}
    ));
    coordinators.back()->start();
}

std::size_t World::start_coordinator_in(AllocationId allocation, std::uint32_t host) {
    const std::size_t number = coordinators.size();
    coordinators.push_back(std::make_unique<CoordinatorProcess>(
        *this,
        static_cast<std::uint32_t>(number),
        CoordinatorPlace{.host = host, .allocation = allocation}
    ));
    coordinators.back()->start();
    return number;
}

// Whoever wants the sweep done: starts a coordinator where there is none, and after the faults
// continues what is paused.
void World::supervise() {
    if (complete_) return;
    timeline.after(supervise_every, [this] { supervise(); });
    const bool any =
        std::any_of(coordinators.begin(), coordinators.end(), [](const auto& coordinator) {
            return coordinator->alive();
        });
    const bool is_lent = reigns_in_allocations() && allocations->any_open();
    if (!any && !is_lent && dice.chance(healed_ ? 1.0 : 0.1)) {
        start_coordinator(static_cast<std::uint32_t>(dice.between(1, coordinator_hosts)));
    }
    if (!healed_) return;
    const CoordinatorProcess* coordinator = reigning();
    const State* state = coordinator == nullptr ? nullptr : coordinator->state();
    if (state != nullptr && state->paused()) {
        if (gate_that_paused(scenario.sweep, state->pause_reason()) != nullptr) {
            clients->look();
        } else {
            clients->resume();
        }
    }
    check_heartbeats();
    if (timeline.now() - healed_at_ > finish_within) {
        violate("I17: not finished long after the last fault:" + describe());
    }
}

// An agent that lives and is connected is not given up once the faults are over.
void World::check_heartbeats() {
    const Millis settled = 2 * scenario.sweep.tuning.lost_after + Millis{60'000};
    if (timeline.now() - healed_at_ < settled) {
        given_up_before_ = ledger.given_up().size();
        return;
    }
    ledger.read();
    for (std::size_t i = given_up_before_; i < ledger.given_up().size(); ++i) {
        const IncarnationId gone = ledger.given_up()[i];
        for (const auto& agent : agents) {
            if (agent->incarnation() == gone && agent->alive() && agent->is_connected()) {
                violate("I17: an agent that is connected was given up");
            }
        }
    }
    given_up_before_ = std::max(given_up_before_, ledger.given_up().size());
}

std::string World::describe() {
    std::string text;
    const CoordinatorProcess* coordinator = reigning();
    const State* state = coordinator == nullptr ? nullptr : coordinator->state();
    if (state == nullptr) return " nobody reigns";
    for (std::uint32_t s = 0; s < state->plan().stage_count(); ++s) {
        for (std::uint32_t i = 0; i < state->plan().unit_count({s}); ++i) {
            const UnitState& unit = state->unit({.stage = {s}, .index = i});
            if (is_final(unit.phase)) continue;
            text +=
                fmt::format(" {}/{} {} attempt {};", s, i, phase_name(unit.phase), unit.attempt);
        }
    }
    text += fmt::format(
        " {} agents, {}, {} allocations",
        state->present_agents().size(),
        state->paused() ? "paused" : "not paused",
        state->allocations().size()
    );
    return text;
}

}  // namespace xorch::simulation
