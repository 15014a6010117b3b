#include "tests/simulation/allocations.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/agent_process.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/heir_watch.h"
#include "tests/simulation/ranks.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

constexpr Millis retry_max{10'000};

}  // namespace

void Allocations::carry_out(const StartAllocation& order) {
    for (const Allocation& known : all_) {
        if (known.token != order.token) continue;
        tell(event_of(known));
        return;
    }
    if (find(order.allocation) != nullptr) {
        world_.violate(fmt::format("I1: allocation {} is had twice", order.allocation.value));
        return;
    }
    world_.timeline.note(fmt::format("allocation {} is ordered", order.allocation.value));
    if (is_slurm() && refuses(order)) return;
    Allocation allocation{.id = order.allocation, .token = order.token, .after = order.after_job};
    add_nodes(allocation);
    // An answer that sbatch gives too late: the queue names the job when it is asked.
    allocation.is_told =
        !is_slurm() || world_.healed() || !world_.dice.chance(world_.faults.sbatch_silent);
    all_.push_back(std::move(allocation));
    if (all_.back().is_told) tell(event_of(all_.back()));
    begin_when_due(all_.size() - 1);
}

void Allocations::carry_out(const EndAllocation& order) {
    Allocation* known = find(order.allocation);
    if (known == nullptr || known->phase == Phase::ended) return;
    world_.timeline.note(
        fmt::format("allocation {} is to end: {}", order.allocation.value, order.reason)
    );
    if (is_slurm() && known->phase == Phase::starting) {
        finish(*known, "cancelled");
        return;
    }
    // A job that runs ends by itself when its agents have left, as they were asked to.
    if (is_slurm() && order.started) {
        known->leaving = true;
        finish_after(leave_within, *known, "ended on request");
        return;
    }
    say_term(*known);
    finish_after(kill_wait, *known, "ended on request");
}

void Allocations::take_over(
    CoordinatorProcess& asker, std::span<const AllocationState> left, bool is_awaited
) {
    const int looks = !is_slurm() ? 0 : is_awaited ? 4 : 1;
    for (int look = 0; look < looks; ++look) {
        world_.timeline.after(look * Millis{5'000}, [this] { answer_queue(); });
    }
    for (const AllocationState& state : left) {
        Allocation* known = find(state.allocation);
        if (state.ended || known == nullptr) continue;
        if (is_slurm()) {
            known->missing = 0;
            continue;
        }
        asker.on_allocations(
            {{AllocationSubmitted{.allocation = known->id, .job = known->token}}, event_of(*known)}
        );
    }
}

void Allocations::on_durable(std::span<const AllocationState> known) {
    for (const AllocationState& state : known) {
        Allocation* allocation = state.ended ? find(state.allocation) : nullptr;
        if (allocation != nullptr) allocation->given_up = true;
    }
}

void Allocations::on_agent_died(AgentProcess& agent) {
    const std::uint32_t host = agent.place().host;
    agent.kill();
    Allocation* allocation = nullptr;
    Node* node = node_of(host, &allocation);
    if (node == nullptr || node->over) return;
    node->agent.reset();
    const std::size_t index = index_of(*allocation);
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
    for (const auto& coordinator : world_.coordinators) {
        if (coordinator->host() == host) coordinator->kill(CoordinatorDeath::fault);
    }
    if (node != nullptr && node->agent) world_.agents[*node->agent]->kill();
    world_.disk.crash_host(host);
    if (node != nullptr) node->lost = true;
    world_.ranks->end_all_on(host, {});
    if (node == nullptr || node->over) return;
    node->agent.reset();
    // The batch system needs a while to see it.
    world_.timeline.after(world_.dice.between(Millis{0}, Millis{120'000}), [this, host] {
        Allocation* late = nullptr;
        if (Node* lost = node_of(host, &late)) close_node(*late, *lost);
    });
    node->over = true;
}

bool Allocations::is_lost(std::uint32_t host) {
    Allocation* allocation = nullptr;
    const Node* node = node_of(host, &allocation);
    return node == nullptr || node->lost;
}

bool Allocations::any_open() const {
    return std::any_of(all_.begin(), all_.end(), [](const Allocation& each) {
        return each.phase != Phase::ended;
    });
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

std::size_t Allocations::index_of(const Allocation& allocation) const {
    return static_cast<std::size_t>(&allocation - all_.data());
}

void Allocations::add_nodes(Allocation& allocation) {
    // Gangs must find as many as they need.
    const std::uint32_t asked = world_.scenario.nodes;
    const std::size_t nodes = asked > 0 ? asked : world_.dice.between(1, 2);
    for (std::size_t i = 0; i < nodes; ++i) {
        allocation.nodes.push_back({.host = next_host_++});
    }
}

void Allocations::begin(std::size_t index) {
    Allocation& allocation = all_[index];
    if (allocation.phase != Phase::starting) return;
    allocation.phase = Phase::running;
    allocation.began = world_.timeline.now();
    if (world_.faults.allocation_length > Millis{0} && !world_.healed()) {
        set_end(index, world_.timeline.now() + world_.faults.allocation_length);
    }
    if (!is_slurm()) tell(event_of(allocation));
    for (std::size_t node = 0; node < allocation.nodes.size(); ++node) {
        if (!allocation.nodes[node].stale) start_agent(index, node);
    }
    const Sweep& sweep = world_.scenario.sweep;
    if (is_slurm() && sweep.slurm.place == SlurmPlace::allocation) tend_coordinator(index);
}

void Allocations::start_agent(std::size_t index, std::size_t place) {
    Allocation& allocation = all_[index];
    Node& node = allocation.nodes[place];
    const bool runs = node.stale || allocation.phase == Phase::running;
    if (!runs || node.over) return;
    const auto number = static_cast<std::uint32_t>(world_.agents.size());
    world_.agents.push_back(std::make_unique<AgentProcess>(
        world_, number, AgentPlace{.allocation = allocation.id, .host = node.host, .end = node.end}
    ));
    node.agent = number;
    world_.agents.back()->start();
}

void Allocations::close_node(Allocation& allocation, Node& node) {
    node.over = true;
    node.agent.reset();
    const bool all_over =
        std::all_of(allocation.nodes.begin(), allocation.nodes.end(), [](const Node& each) {
            return each.over || each.stale;
        });
    if (!all_over || node.stale || allocation.phase != Phase::running) return;
    const CoordinatorProcess* coordinator = coordinator_of(allocation);
    if (coordinator == nullptr) {
        if (batch_host(allocation).lost) world_.heirs->on_silenced();
        finish(allocation, "its keepers are gone");
        return;
    }
    // Its relay tells the coordinator to go, and waits for it.
    say_term(allocation);
    finish_after(leave_within, allocation, "its keepers are gone");
}

void Allocations::set_end(std::size_t index, Millis end) {
    all_[index].end = end;
    for (Node& node : all_[index].nodes) {
        if (node.stale) continue;
        node.end = end;
        if (node.agent) world_.agents[*node.agent]->on_end_moved(end);
    }
    world_.timeline.at(end, [this, index] { time_is_up(index); });
}

void Allocations::time_is_up(std::size_t index) {
    Allocation& allocation = all_[index];
    const bool is_up = allocation.end != Millis{0} && allocation.end <= world_.timeline.now();
    if (allocation.phase != Phase::running || !is_up) return;
    for (const Node& node : allocation.nodes) {
        // An end that came closer may have been heard of too late.
        if (allocation.end_moved || node.stale || !node.agent) continue;
        if (world_.agents[*node.agent]->attempts() > 0) {
            world_.violate("I14: an attempt lives when its allocation ends");
        }
    }
    if (is_slurm()) {
        enforce_limit(index);
    } else {
        finish(allocation, "time limit");
    }
}

void Allocations::finish(Allocation& allocation, const std::string& reason) {
    if (allocation.phase == Phase::ended) return;
    world_.timeline.note(fmt::format("allocation {} ends: {}", allocation.id.value, reason));
    allocation.phase = Phase::ended;
    allocation.reason = reason;
    for (Node& node : allocation.nodes) {
        if (node.stale) continue;
        if (node.agent) world_.agents[*node.agent]->kill();
        world_.ranks->end_all_on(node.host, {});
        node.agent.reset();
        node.over = true;
    }
    if (CoordinatorProcess* coordinator = coordinator_of(allocation)) {
        coordinator->kill(CoordinatorDeath::end_of_allocation);
    }
    allocation.ended_at = world_.timeline.now();
    if (!is_slurm()) tell(event_of(allocation));
    for (std::size_t index = 0; index < all_.size(); ++index) {
        const bool waited = all_[index].after == allocation.token;
        if (waited && all_[index].phase == Phase::starting) begin_when_due(index);
    }
}

// If it is still this copy of it that runs.
void Allocations::finish_after(
    Millis delay, const Allocation& allocation, const std::string& reason
) {
    const std::size_t index = index_of(allocation);
    world_.timeline.after(delay, [this, index, copy = allocation.copy, reason] {
        if (all_[index].copy == copy) finish(all_[index], reason);
    });
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
    tell(std::vector{event});
}

void Allocations::tell(std::vector<AllocationEvent> events) {
    const Millis delay = world_.dice.between(Millis{0}, Millis{2'000});
    world_.timeline.after(delay, [this, events = std::move(events)] {
        for (const auto& coordinator : world_.coordinators)
            coordinator->on_allocations(events);
    });
}

}  // namespace xorch::simulation
