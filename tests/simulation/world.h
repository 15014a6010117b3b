#pragma once

// One simulated cluster under one seed: coordinators, agents, allocations, clients, the network
// between them and the disk below them, all production code at the core and all driven by one
// timeline. Parts talk to each other through this class only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/layout.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/timeline.h"
#include "tests/simulation/unit_history.h"

namespace xorch::simulation {

class AgentProcess;
class Allocations;
class Clients;
class CoordinatorProcess;
class HeirWatch;
class Network;
class Ranks;

// What a seed draws before anything happens.
struct Draw {
    Dice dice;
    Faults faults;
    Scenario scenario;
};

Draw draw_world(std::uint64_t seed);

struct RunResult {
    bool passed = false;
    std::string problem;  // the first violated invariant
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
};

class World {
 public:
    World(Draw draw, bool prints);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    RunResult run();

    // What a process on that host reads from its clocks.
    Now now_on(std::uint32_t host) const;

    // Faults are over and must not be met any more.
    bool healed() const { return healed_; }

    // The journal says that the sweep is complete.
    void on_complete() { complete_ = true; }

    bool complete() const { return complete_; }

    CoordinatorProcess* reigning();

    // Slurm's jobs hold the coordinators.
    bool reigns_in_allocations() const;

    // In this allocation, on its first node. Its number.
    std::size_t start_coordinator_in(AllocationId allocation, std::uint32_t host);

    // A coordinator is about to claim an epoch: perhaps one that it took for dead goes on just now.
    void wake_a_rival(Millis within);

    void violate(const std::string& what) { history.violate(what); }

    Dice dice;
    Faults faults;
    Scenario scenario;
    Timeline timeline;
    SimulatedDisk disk;
    DurableDisk durable;
    SweepLayout layout;
    UnitHistory history;
    Ledger ledger;
    std::unique_ptr<Network> network;
    std::unique_ptr<Allocations> allocations;
    std::unique_ptr<Ranks> ranks;
    std::unique_ptr<Clients> clients;
    std::unique_ptr<HeirWatch> heirs;
    std::vector<std::unique_ptr<CoordinatorProcess>> coordinators;  // never shrinks
    std::vector<std::unique_ptr<AgentProcess>> agents;              // never shrinks

 private:
    void plan_faults();
    void repeat_fault(Millis mean, void (World::*strike)());
    void kill_an_agent();
    void lose_a_node();
    void kill_the_coordinator();
    void lose_the_coordinator_host();
    void pause_the_coordinator();
    void break_a_connection();
    void cut_a_connection();
    void damage_a_checkpoint();
    void requeue_a_job();
    void preempt_a_job();
    void request_a_stop();
    void let_a_client_act();
    void let_somebody_look();
    void heal();

    void supervise();
    void start_coordinator(std::uint32_t host);
    AgentProcess* any_agent();
    void check_heartbeats();
    std::string describe();

    bool healed_ = false;
    bool complete_ = false;
    Millis healed_at_{0};
    std::size_t given_up_before_ = 0;
    std::vector<Millis> clock_skew_;
};

}  // namespace xorch::simulation
