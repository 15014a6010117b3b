// What only Slurm does to allocations: they are jobs that wait in a queue and behind each other,
// are refused, forgotten, requeued, ended late, and hold the coordinators.

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/agent_process.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/network.h"
#include "tests/simulation/ranks.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

constexpr Millis coordinator_retry{2'000};

constexpr Millis queue_asked_every{60'000};
// So many answers that do not name a job, and it is given up (slurm_backend.cpp).
constexpr unsigned missing_max = 3;
// Slurm forgets jobs that ended (MinJobAge).
constexpr Millis remembered{300'000};
// Slurm looks for jobs past their limit only now and then.
constexpr Millis limit_checked_every{30'000};

// From the cut to the second copy of a job: SlurmdTimeout and the delay of a requeue.
constexpr Millis requeued_first{20'000};
constexpr Millis requeued_last{150'000};
// So long, at most, is the first copy cut off, and so long it lives on when it is not any more.
constexpr Millis cut_off_longest{200'000};
constexpr Millis found_out_within{60'000};

// Units wait at most so long for a successor (decide/rules/presence.cpp).
constexpr Millis successor_wait{30'000};

}  // namespace

bool Allocations::is_slurm() const {
    return world_.scenario.sweep.backend == BackendKind::slurm;
}

// sbatch, as far as it is not an entry in the queue.
bool Allocations::refuses(const StartAllocation& order) {
    if (!asks_queue_) {
        asks_queue_ = true;
        world_.timeline.after(queue_asked_every, [this] { ask_queue(); });
    }
    for (Allocation& each : all_) {
        each.was_followed = each.was_followed || each.token == order.after_job;
    }
    if (world_.healed() || !world_.dice.chance(world_.faults.sbatch_refuses)) return false;
    refused_any_ = true;
    world_.timeline.note(fmt::format("allocation {} is refused", order.allocation.value));
    tell({
        AllocationRefused{order.allocation, "QOSMaxSubmitJobPerUserLimit", false}
    });
    return true;
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

// What the relay does: a coordinator that died is started again.
void Allocations::tend_coordinator(std::size_t index) {
    Allocation& allocation = all_[index];
    const bool runs = allocation.phase == Phase::running && !allocation.leaving;
    if (!runs || world_.complete()) return;
    const Node& node = batch_host(allocation);
    if (node.lost) return;
    world_.timeline.after(coordinator_retry, [this, index] { tend_coordinator(index); });
    if (coordinator_of(allocation) != nullptr) return;
    allocation.coordinator = world_.start_coordinator_in(allocation.id, node.host);
}

// Where the relay and its coordinator are: the first node of the newest copy.
const Allocations::Node& Allocations::batch_host(const Allocation& allocation) const {
    return *std::find_if(allocation.nodes.begin(), allocation.nodes.end(), [](const Node& each) {
        return !each.stale;
    });
}

// The one that lives.
CoordinatorProcess* Allocations::coordinator_of(const Allocation& allocation) const {
    if (!allocation.coordinator) return nullptr;
    CoordinatorProcess* coordinator = world_.coordinators[*allocation.coordinator].get();
    return coordinator->alive() ? coordinator : nullptr;
}

bool Allocations::successor_waits() const {
    return std::any_of(all_.begin(), all_.end(), [](const Allocation& each) {
        return each.phase == Phase::starting && !each.after.empty() && !each.given_up;
    });
}

bool Allocations::any_heir() const {
    return std::any_of(all_.begin(), all_.end(), [](const Allocation& each) {
        return each.phase != Phase::ended && !each.leaving && !each.given_up;
    });
}

// Everybody of the job is told to go; by Slurm twice at once.
void Allocations::say_term(Allocation& allocation) {
    allocation.leaving = true;
    const int times = is_slurm() ? 2 : 1;
    for (int said = 0; said < times; ++said) {
        for (const Node& node : allocation.nodes) {
            if (node.agent && !node.stale) world_.agents[*node.agent]->terminate();
        }
    }
    // Its relay does not let one that died just now leave nobody behind.
    const Node& host = batch_host(allocation);
    const bool is_dead = allocation.coordinator && coordinator_of(allocation) == nullptr;
    if (is_dead && !host.lost && !world_.complete()) {
        allocation.coordinator = world_.start_coordinator_in(allocation.id, host.host);
    }
    if (CoordinatorProcess* coordinator = coordinator_of(allocation)) coordinator->hand_over();
}

void Allocations::on_sweep_over(AllocationId allocation) {
    Allocation* known = find(allocation);
    if (known == nullptr || known->phase == Phase::ended || known->leaving) return;
    known->leaving = true;
    finish_after(leave_within, *known, "the sweep is over");
}

// Before its successor is queued, or was refused, the only allocation gets no unit; for a while.
void Allocations::on_unit_started(const AgentProcess& agent) {
    Allocation* allocation = nullptr;
    const Node* node = node_of(agent.place().host, &allocation);
    const bool is_one_lane = is_slurm() && world_.scenario.sweep.slurm.max_allocations == 1;
    if (node == nullptr || !is_one_lane || node->stale) return;
    const bool has_other = std::any_of(all_.begin(), all_.end(), [&](const Allocation& each) {
        return &each != allocation && each.phase != Phase::ended && !each.leaving;
    });
    const bool may_have_waited = world_.timeline.now() - allocation->began >= successor_wait;
    // Nothing can be queued behind a job whose number nobody knows.
    if (has_other || may_have_waited || allocation->was_followed) return;
    if (refused_any_ || !allocation->is_told) return;
    world_.violate("I19: a unit starts in an allocation behind which nothing is queued");
}

// Slurm notices it some time after the end.
void Allocations::enforce_limit(std::size_t index) {
    const Millis late = world_.dice.between(Millis{0}, limit_checked_every);
    world_.timeline.after(late, [this, index, copy = all_[index].copy] {
        Allocation& allocation = all_[index];
        if (allocation.phase != Phase::running || allocation.copy != copy) return;
        // An administrator may have given it more time meanwhile.
        if (allocation.end > world_.timeline.now()) return;
        say_term(allocation);
        finish_after(kill_wait, allocation, "time limit");
    });
}

void Allocations::ask_queue() {
    if (world_.complete()) return;
    world_.timeline.after(queue_asked_every, [this] { ask_queue(); });
    move_ends();
    answer_queue();
}

void Allocations::answer_queue() {
    const CoordinatorProcess* asker = world_.reigning();
    if (asker == nullptr) return;
    const std::vector<AllocationState>& wanted = asker->state()->allocations();
    std::vector<AllocationEvent> answer;
    for (Allocation& allocation : all_) {
        const std::uint32_t number = allocation.id.value;
        if (number > wanted.size() || wanted[number - 1].ended) continue;
        if (!wanted[number - 1].submitted) {
            answer.push_back({
                AllocationSubmitted{.allocation = allocation.id, .job = allocation.token}
            });
        }
        if (auto about = answer_about(allocation)) answer.push_back(std::move(*about));
    }
    // One answer of squeue is heard at once: nobody knows half of it.
    tell(std::move(answer));
}

void Allocations::move_ends() {
    if (!world_.faults.ends_move || world_.healed()) return;
    for (std::size_t index = 0; index < all_.size(); ++index) {
        Allocation& allocation = all_[index];
        const bool has_end = allocation.phase == Phase::running && allocation.end != Millis{0};
        if (!has_end || !world_.dice.chance(0.1)) continue;
        allocation.end_moved = true;
        const Millis left = world_.dice.between(Millis{40'000}, Millis{400'000});
        set_end(index, world_.timeline.now() + left);
    }
}

// What the queue says about it, or nothing if it does not name it.
std::optional<AllocationEvent> Allocations::answer_about(Allocation& allocation) {
    const bool is_forgotten = allocation.phase == Phase::ended &&
                              world_.timeline.now() - allocation.ended_at > remembered;
    if (!world_.healed() && world_.dice.chance(world_.faults.squeue_forgets)) {
        const std::uint64_t times = world_.dice.below(2 * missing_max);
        allocation.left_out_until = world_.timeline.now() + times * queue_asked_every + Millis{1};
    }
    const bool is_left_out = !world_.healed() && allocation.left_out_until > world_.timeline.now();
    if (!is_forgotten && !is_left_out) {
        allocation.missing = 0;
        return event_of(allocation);
    }
    if (++allocation.missing < missing_max) return std::nullopt;
    return AllocationEvent{
        AllocationEnded{allocation.id, std::string(reason_forgotten)}
    };
}

std::optional<std::size_t> Allocations::any_running() const {
    std::vector<std::size_t> running;
    for (std::size_t index = 0; index < all_.size(); ++index) {
        const bool runs = all_[index].phase == Phase::running && !all_[index].leaving;
        if (runs) running.push_back(index);
    }
    if (running.empty()) return std::nullopt;
    return running[world_.dice.below(running.size())];
}

void Allocations::preempt_a_job() {
    const auto index = any_running();
    if (!index) return;
    const bool at_once = world_.dice.chance(0.5);
    // Whoever is killed at once can do nothing for those who come after.
    if (at_once && !successor_waits()) return;
    Allocation& allocation = all_[*index];
    world_.timeline.note(fmt::format("allocation {} is preempted", allocation.id.value));
    say_term(allocation);
    if (CoordinatorProcess* coordinator = coordinator_of(allocation); coordinator && at_once) {
        coordinator->disturb(kill_wait);
    }
    const Millis grace = at_once ? Millis{0} : kill_wait;
    finish_after(grace, allocation, "PREEMPTED");
}

void Allocations::requeue_a_job() {
    const auto index = any_running();
    if (!index) return;
    Allocation& allocation = all_[*index];
    world_.timeline.note(fmt::format("allocation {} is requeued", allocation.id.value));
    const Millis cut_off = world_.dice.between(Millis{10'000}, cut_off_longest);
    for (Node& node : allocation.nodes) {
        if (!node.stale) world_.network->isolate(node.host, cut_off);
        // Slurm will end it when it finds it, and not before.
        if (node.agent) world_.agents[*node.agent]->on_end_lifted();
        node.end = Millis{0};
        node.stale = true;
    }
    CoordinatorProcess* coordinator = coordinator_of(allocation);
    // The shared file system may hang there, too.
    if (coordinator != nullptr && world_.dice.chance(0.5)) coordinator->pause(cut_off);
    const Millis found_out = cut_off + world_.dice.between(Millis{0}, found_out_within);
    world_.timeline.after(found_out, [this, index, first = allocation.coordinator] {
        end_stale_copy(*index, first);
    });
    allocation.phase = Phase::starting;
    allocation.coordinator.reset();
    allocation.end = Millis{0};
    allocation.end_moved = false;
    ++allocation.copy;
    add_nodes(allocation);
    const Millis delay = world_.dice.between(requeued_first, requeued_last);
    world_.timeline.after(delay, [this, index] { begin(*index); });
}

// Slurm finds that the node is there after all, and ends what does not belong there.
void Allocations::end_stale_copy(std::size_t index, std::optional<std::size_t> coordinator) {
    for (Node& node : all_[index].nodes) {
        if (!node.stale) continue;
        if (node.agent) world_.agents[*node.agent]->kill();
        world_.ranks->end_all_on(node.host, {});
        node.agent.reset();
        node.over = true;
    }
    if (coordinator) world_.coordinators[*coordinator]->kill(CoordinatorDeath::end_of_allocation);
}

}  // namespace xorch::simulation
