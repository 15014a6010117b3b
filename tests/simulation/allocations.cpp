#include "tests/simulation/allocations.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/agent_process.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

// How long a batch system waits after TERM (Slurm's KillWait is 30 s).
constexpr Millis kill_wait{30'000};
constexpr Millis retry_max{10'000};

}  // namespace

void Allocations::carry_out(const StartAllocation& order) {
    for (const Allocation& known : all_) {
        if (known.token != order.token) continue;
        tell(event_of(known));
        return;
    }
    if (find(order.allocation) != nullptr) {
        world_.violate("I1: an allocation that was asked for is not in the journal any more");
        return;
    }
    Allocation allocation{.id = order.allocation, .token = order.token};
    const std::size_t nodes = world_.dice.between(1, 2);
    for (std::size_t i = 0; i < nodes; ++i) {
        allocation.nodes.push_back({.host = next_host_++});
    }
    all_.push_back(std::move(allocation));
    tell({
        AllocationSubmitted{.allocation = order.allocation, .job = order.token}
    });
    const std::size_t index = all_.size() - 1;
    world_.timeline.after(world_.dice.between(Millis{10}, Millis{3'000}), [this, index] {
        begin(index);
    });
}

void Allocations::carry_out(const EndAllocation& order) {
    Allocation* known = find(order.allocation);
    if (known == nullptr || known->phase == Phase::ended) return;
    for (const Node& node : known->nodes) {
        if (node.agent) world_.agents[*node.agent]->terminate();
    }
    world_.timeline.after(kill_wait, [this, id = order.allocation] {
        if (Allocation* late = find(id)) finish(*late, "ended on request");
    });
}

void Allocations::take_over(CoordinatorProcess& asker, std::span<const AllocationState> left) {
    for (const AllocationState& state : left) {
        const Allocation* known = find(state.allocation);
        if (state.ended || known == nullptr) continue;
        asker.on_allocation({
            AllocationSubmitted{.allocation = known->id, .job = known->token}
        });
        asker.on_allocation(event_of(*known));
    }
}

void Allocations::on_agent_died(AgentProcess& agent) {
    const std::uint32_t host = agent.place().host;
    agent.kill();
    Allocation* allocation = nullptr;
    Node* node = node_of(host, &allocation);
    if (node == nullptr || node->over || allocation->phase == Phase::ended) return;
    node->agent.reset();
    const auto index = static_cast<std::size_t>(allocation - all_.data());
    const auto place = static_cast<std::size_t>(node - allocation->nodes.data());
    const Millis pause = node->retry;
    node->retry = std::min(2 * node->retry, retry_max);
    world_.timeline.after(pause, [this, index, place] { start_agent(index, place); });
}

void Allocations::on_agent_left(AgentProcess& agent) {
    const std::uint32_t host = agent.place().host;
    agent.kill();
    Allocation* allocation = nullptr;
    Node* node = node_of(host, &allocation);
    if (node != nullptr) close_node(*allocation, *node);
}

void Allocations::lose_node(std::uint32_t host) {
    Allocation* allocation = nullptr;
    Node* node = node_of(host, &allocation);
    world_.timeline.note(fmt::format("node {} is lost", host));
    if (node != nullptr && node->agent) world_.agents[*node->agent]->kill();
    world_.disk.crash_host(host);
    if (node == nullptr || node->over) return;
    node->agent.reset();
    // The batch system needs a while to see it.
    world_.timeline.after(world_.dice.between(Millis{0}, Millis{120'000}), [this, host] {
        Allocation* late = nullptr;
        if (Node* lost = node_of(host, &late)) close_node(*late, *lost);
    });
    node->over = true;
}

Allocations::Allocation* Allocations::find(AllocationId id) {
    const auto found = std::find_if(all_.begin(), all_.end(), [id](const Allocation& allocation) {
        return allocation.id == id;
    });
    return found == all_.end() ? nullptr : &*found;
}

Allocations::Node* Allocations::node_of(std::uint32_t host, Allocation** allocation) {
    for (Allocation& each : all_) {
        for (Node& node : each.nodes) {
            if (node.host != host) continue;
            *allocation = &each;
            return &node;
        }
    }
    return nullptr;
}

void Allocations::begin(std::size_t index) {
    Allocation& allocation = all_[index];
    if (allocation.phase != Phase::starting) return;
    allocation.phase = Phase::running;
    if (world_.faults.allocation_length > Millis{0} && !world_.healed()) {
        allocation.end = world_.timeline.now() + world_.faults.allocation_length;
        world_.timeline.at(allocation.end, [this, index] { time_is_up(index); });
    }
    tell(event_of(allocation));
    for (std::size_t node = 0; node < allocation.nodes.size(); ++node) {
        start_agent(index, node);
    }
}

void Allocations::start_agent(std::size_t index, std::size_t place) {
    Allocation& allocation = all_[index];
    Node& node = allocation.nodes[place];
    if (allocation.phase != Phase::running || node.over) return;
    const auto number = static_cast<std::uint32_t>(world_.agents.size());
    world_.agents.push_back(std::make_unique<AgentProcess>(
        world_,
        number,
        AgentPlace{.allocation = allocation.id, .host = node.host, .end = allocation.end}
    ));
    node.agent = number;
    world_.agents.back()->start();
}

void Allocations::close_node(Allocation& allocation, Node& node) {
    node.over = true;
    node.agent.reset();
    const bool all_over = std::all_of(
        allocation.nodes.begin(), allocation.nodes.end(), [](const Node& each) { return each.over; }
    );
    if (all_over) finish(allocation, "its keepers are gone");
}

void Allocations::time_is_up(std::size_t index) {
    Allocation& allocation = all_[index];
    if (allocation.phase == Phase::ended) return;
    for (const Node& node : allocation.nodes) {
        if (node.agent && world_.agents[*node.agent]->attempts() > 0) {
            world_.violate("I14: an attempt lives when its allocation ends");
        }
    }
    finish(allocation, "time limit");
}

void Allocations::finish(Allocation& allocation, const std::string& reason) {
    if (allocation.phase == Phase::ended) return;
    allocation.phase = Phase::ended;
    allocation.reason = reason;
    for (Node& node : allocation.nodes) {
        if (node.agent) world_.agents[*node.agent]->kill();
        node.agent.reset();
        node.over = true;
    }
    tell(event_of(allocation));
}

AllocationEvent Allocations::event_of(const Allocation& allocation) const {
    switch (allocation.phase) {
        case Phase::starting:
            return {
                AllocationSubmitted{.allocation = allocation.id, .job = allocation.token}
            };
        case Phase::running:
            return {
                AllocationStarted{.allocation = allocation.id, .end_unix = allocation.end}
            };
        case Phase::ended:
            break;
    }
    return {
        AllocationEnded{.allocation = allocation.id, .reason = allocation.reason}
    };
}

void Allocations::tell(const AllocationEvent& event) {
    world_.timeline.after(world_.dice.between(Millis{0}, Millis{2'000}), [this, event] {
        for (const auto& coordinator : world_.coordinators) {
            coordinator->on_allocation(event);
        }
    });
}

}  // namespace xorch::simulation
