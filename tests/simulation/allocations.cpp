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
constexpr Millis coordinator_retry{2'000};
// What a relay grants keepers of a sweep that is over.
constexpr Millis leave_within{60'000};

constexpr Millis queue_asked_every{60'000};
// So many answers that do not name a job, and it is given up (slurm_backend.cpp).
constexpr unsigned missing_max = 3;
// Slurm forgets jobs that ended (MinJobAge).
constexpr Millis remembered{300'000};
// Slurm looks for jobs past their limit only now and then.
constexpr Millis limit_checked_every{30'000};

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
    if (is_slurm() && !asks_queue_) {
        asks_queue_ = true;
        world_.timeline.after(queue_asked_every, [this] { ask_queue(); });
    }
    if (is_slurm() && !world_.healed() && world_.dice.chance(world_.faults.sbatch_refuses)) {
        tell({
            AllocationRefused{order.allocation, "QOSMaxSubmitJobPerUserLimit", false}
        });
        return;
    }
    Allocation allocation{.id = order.allocation, .token = order.token, .after = order.after_job};
    const std::size_t nodes = world_.dice.between(1, 2);
    for (std::size_t i = 0; i < nodes; ++i) {
        allocation.nodes.push_back({.host = next_host_++});
    }
    all_.push_back(std::move(allocation));
    tell({
        AllocationSubmitted{.allocation = order.allocation, .job = order.token}
    });
    begin_when_due(all_.size() - 1);
}

bool Allocations::is_slurm() const {
    return world_.scenario.sweep.backend == BackendKind::slurm;
}

// Its turn in the queue begins when the job has ended that it waits for, however that ended.
void Allocations::begin_when_due(std::size_t index) {
    const std::string& after = all_[index].after;
    const bool waits = std::any_of(all_.begin(), all_.end(), [&](const Allocation& each) {
        return each.token == after && each.phase != Phase::ended;
    });
    if (waits) return;
    const Millis longest = is_slurm() ? world_.faults.queue_delay : Millis{3'000};
    const Millis wait = world_.dice.between(Millis{10}, longest);
    world_.timeline.after(wait, [this, index] { begin(index); });
}

void Allocations::ask_queue() {
    if (world_.complete()) return;
    world_.timeline.after(queue_asked_every, [this] { ask_queue(); });
    for (std::size_t index = 0; index < all_.size(); ++index) {
        Allocation& allocation = all_[index];
        const bool moves = world_.faults.ends_move && !world_.healed() &&
                           allocation.phase == Phase::running && allocation.end != Millis{0};
        if (moves && world_.dice.chance(0.1)) {
            allocation.end_moved = true;
            const Millis left = world_.dice.between(Millis{40'000}, Millis{400'000});
            set_end(index, world_.timeline.now() + left);
        }
        if (const auto answer = answer_about(allocation)) tell(*answer);
    }
}

// What the queue says about it; nothing if it says nothing, or nothing that is worth a word.
std::optional<AllocationEvent> Allocations::answer_about(Allocation& allocation) {
    const Millis now = world_.timeline.now();
    const bool over = allocation.phase == Phase::ended;
    if (over && now - allocation.ended_at > 2 * remembered) return std::nullopt;
    const bool is_missing = (over && now - allocation.ended_at > remembered) ||
                            (!world_.healed() && world_.dice.chance(world_.faults.squeue_forgets));
    if (!is_missing) {
        allocation.missing = 0;
        return event_of(allocation);
    }
    if (++allocation.missing < missing_max) return std::nullopt;
    return AllocationEvent{
        AllocationEnded{allocation.id, std::string(reason_forgotten)}
    };
}

void Allocations::carry_out(const EndAllocation& order) {
    Allocation* known = find(order.allocation);
    if (known == nullptr || known->phase == Phase::ended) return;
    if (is_slurm() && known->phase == Phase::starting) {
        finish(*known, "cancelled");
        return;
    }
    known->leaving = true;
    // A job that runs ends by itself when its agents have left, as they were asked to.
    const bool by_itself = is_slurm() && order.started;
    for (const Node& node : known->nodes) {
        if (node.agent && !by_itself) world_.agents[*node.agent]->terminate();
    }
    world_.timeline.after(by_itself ? leave_within : kill_wait, [this, id = order.allocation] {
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
    if (allocation != nullptr && allocation->coordinator) {
        CoordinatorProcess& coordinator = *world_.coordinators[*allocation->coordinator];
        if (coordinator.host() == host) coordinator.kill();
    }
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
        set_end(index, world_.timeline.now() + world_.faults.allocation_length);
    }
    if (!is_slurm()) tell(event_of(allocation));
    for (std::size_t node = 0; node < allocation.nodes.size(); ++node) {
        start_agent(index, node);
    }
    const Sweep& sweep = world_.scenario.sweep;
    if (is_slurm() && sweep.slurm.place == SlurmPlace::allocation) tend_coordinator(index);
}

// What the relay does: a coordinator that died is started again.
void Allocations::tend_coordinator(std::size_t index) {
    Allocation& allocation = all_[index];
    const Node& node = allocation.nodes.front();
    if (allocation.phase == Phase::ended || allocation.leaving || node.over) return;
    world_.timeline.after(coordinator_retry, [this, index] { tend_coordinator(index); });
    const bool lives =
        allocation.coordinator && world_.coordinators[*allocation.coordinator]->alive();
    if (lives || world_.complete()) return;
    allocation.coordinator = world_.start_coordinator_in(allocation.id, node.host);
}

bool Allocations::any_open() const {
    return std::any_of(all_.begin(), all_.end(), [](const Allocation& each) {
        return each.phase != Phase::ended;
    });
}

bool Allocations::successor_waits() const {
    return std::any_of(all_.begin(), all_.end(), [](const Allocation& each) {
        return each.phase == Phase::starting && !each.after.empty();
    });
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
    if (!all_over) return;
    const bool lives =
        allocation.coordinator && world_.coordinators[*allocation.coordinator]->alive();
    if (!lives) {
        finish(allocation, "its keepers are gone");
        return;
    }
    // Its relay tells the coordinator to go, and waits for it.
    allocation.leaving = true;
    const std::size_t coordinator = *allocation.coordinator;
    const auto index = static_cast<std::size_t>(&allocation - all_.data());
    world_.timeline.after(Millis{0}, [this, coordinator] {
        world_.coordinators[coordinator]->hand_over();
    });
    world_.timeline.after(leave_within, [this, index] {
        finish(all_[index], "its keepers are gone");
    });
}

void Allocations::time_is_up(std::size_t index) {
    Allocation& allocation = all_[index];
    if (allocation.phase == Phase::ended || allocation.end > world_.timeline.now()) return;
    for (const Node& node : allocation.nodes) {
        // An end that came closer may have been heard of too late.
        if (!allocation.end_moved && node.agent && world_.agents[*node.agent]->attempts() > 0) {
            world_.violate("I14: an attempt lives when its allocation ends");
        }
    }
    if (!is_slurm()) {
        finish(allocation, "time limit");
        return;
    }
    const Millis late = world_.dice.between(Millis{0}, limit_checked_every);
    world_.timeline.after(late, [this, index] { enforce_limit(index); });
}

// Slurm says it twice at once, and kills what is left a while later.
void Allocations::enforce_limit(std::size_t index) {
    if (all_[index].phase == Phase::ended) return;
    all_[index].leaving = true;
    if (all_[index].coordinator) world_.coordinators[*all_[index].coordinator]->hand_over();
    for (int times = 0; times < 2; ++times) {
        for (const Node& node : all_[index].nodes) {
            if (node.agent) world_.agents[*node.agent]->terminate();
        }
    }
    world_.timeline.after(kill_wait, [this, index] { finish(all_[index], "time limit"); });
}

void Allocations::set_end(std::size_t index, Millis end) {
    all_[index].end = end;
    for (const Node& node : all_[index].nodes) {
        if (node.agent) world_.agents[*node.agent]->on_end_moved(end);
    }
    world_.timeline.at(end, [this, index] { time_is_up(index); });
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
    if (allocation.coordinator) world_.coordinators[*allocation.coordinator]->kill();
    allocation.ended_at = world_.timeline.now();
    if (!is_slurm()) tell(event_of(allocation));
    for (std::size_t index = 0; index < all_.size(); ++index) {
        const bool waited = all_[index].after == allocation.token;
        if (waited && all_[index].phase == Phase::starting) begin_when_due(index);
    }
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
