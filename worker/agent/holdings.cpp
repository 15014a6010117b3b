#include "worker/agent/holdings.h"

#include <algorithm>
#include <utility>

#include "core/planted.h"

namespace xorch {

Holdings::Holdings(const Sweep& sweep, Capacity capacity) : sweep_(sweep), capacity_(capacity) {}

bool Holdings::add(Assignment assignment) {
    const AssignedUnit key = key_of(assignment);
    Held held;
    held.assignment = std::move(assignment);
    const bool added = held_.try_emplace(key, std::move(held)).second;
    if (added) queue_.push_back(key);
    return added;
}

Held* Holdings::find(AssignedUnit attempt) {
    const auto found = held_.find(attempt);
    return found == held_.end() ? nullptr : &found->second;
}

const Held* Holdings::find(AssignedUnit attempt) const {
    const auto found = held_.find(attempt);
    return found == held_.end() ? nullptr : &found->second;
}

Held* Holdings::next_startable(const std::function<bool(UnitKey)>& worthwhile) {
    const auto is_stale = [this](AssignedUnit key) {
        const Held* held = find(key);
        return held == nullptr || held->running;
    };
    while (!queue_.empty() && is_stale(queue_.front())) {
        queue_.pop_front();
    }
    if (alone_runs_) return nullptr;
    for (const AssignedUnit& key : queue_) {
        if (is_stale(key) || !worthwhile(key.unit)) continue;
        Held* held = find(key);
        // An earlier attempt at the unit is still being ended and may yet write below the unit's
        // directory; also one in another place, where a selection that was decided anew moved it.
        if (unit_runs(held->assignment.id)) continue;
        if (held->assignment.alone && !running_.empty()) return nullptr;
        return fits(share_of(held->assignment)) ? held : nullptr;
    }
    return nullptr;
}

bool Holdings::too_large(const Assignment& assignment) const {
    const Capacity wanted = share_of(assignment);
    return wanted.cpus > capacity_.cpus || wanted.gpus > capacity_.gpus ||
           (capacity_.memory.value != 0 && wanted.memory > capacity_.memory);
}

void Holdings::start(Held& held, Millis now_boot) {
    const Capacity taken = share_of(held.assignment);
    in_use_.cpus += taken.cpus;
    in_use_.gpus += taken.gpus;
    in_use_.memory.value += taken.memory.value;
    held.running = true;
    held.started_boot = now_boot;
    alone_runs_ = held.assignment.alone;
    running_.push_back(key_of(held.assignment));
}

void Holdings::remove(AssignedUnit attempt) {
    const auto found = held_.find(attempt);
    if (found == held_.end()) return;
    if (found->second.running) {
        release(found->second);
        running_.erase(std::find(running_.begin(), running_.end(), attempt));
        if (found->second.assignment.alone) alone_runs_ = false;
    }
    held_.erase(found);
}

void Holdings::on_killed(const Held& held) {
    if (planted::has(planted::Bug::slots_twice)) release(held);
}

std::vector<AssignedUnit> Holdings::queued() const {
    std::vector<AssignedUnit> keys;
    for (const AssignedUnit& key : queue_) {
        const auto found = held_.find(key);
        if (found != held_.end() && !found->second.running) keys.push_back(key);
    }
    return keys;
}

Capacity Holdings::share_of(const Assignment& assignment) const {
    const Resources& each = sweep_.stages[assignment.unit.stage.value].resources;
    const std::uint32_t ranks = assignment.hosts.empty() ? 1 : assignment.hosts.front().ranks;
    return {
        .cpus = each.cpus * ranks,
        .gpus = each.gpus * ranks,
        .memory = Bytes{each.memory.value * ranks}};
}

bool Holdings::fits(const Capacity& wanted) const {
    return in_use_.cpus + wanted.cpus <= capacity_.cpus &&
           in_use_.gpus + wanted.gpus <= capacity_.gpus &&
           (capacity_.memory.value == 0 ||
            in_use_.memory.value + wanted.memory.value <= capacity_.memory.value);
}

bool Holdings::unit_runs(const UnitId& unit) const {
    return std::any_of(running_.begin(), running_.end(), [&](const AssignedUnit& key) {
        return find(key)->assignment.id == unit;
    });
}

void Holdings::release(const Held& held) {
    const Capacity given = share_of(held.assignment);
    in_use_.cpus -= std::min(in_use_.cpus, given.cpus);
    in_use_.gpus -= std::min(in_use_.gpus, given.gpus);
    in_use_.memory.value -= std::min(in_use_.memory.value, given.memory.value);
}

}  // namespace xorch
