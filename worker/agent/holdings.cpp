#include "worker/agent/holdings.h"

#include <algorithm>
#include <utility>

#include "core/capacity.h"
#include "core/planted.h"

namespace xorch {

namespace {

std::uint32_t ranks_here(const Assignment& assignment) {
    return assignment.hosts.empty() ? 1 : assignment.hosts.front().ranks;
}

}  // namespace

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
        return fits(held->assignment, in_use_) ? held : nullptr;
    }
    return nullptr;
}

bool Holdings::too_large(const Assignment& assignment) const {
    return !fits(assignment, Capacity{});
}

void Holdings::start(Held& held, Millis now_boot) {
    occupy(in_use_, resources(held.assignment), ranks_here(held.assignment));
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

const Resources& Holdings::resources(const Assignment& assignment) const {
    return sweep_.stages[assignment.unit.stage.value].resources;
}

bool Holdings::fits(const Assignment& assignment, const Capacity& used) const {
    return fitting(capacity_, used, resources(assignment)) >= ranks_here(assignment);
}

bool Holdings::unit_runs(const UnitId& unit) const {
    return std::any_of(running_.begin(), running_.end(), [&](const AssignedUnit& key) {
        return find(key)->assignment.id == unit;
    });
}

void Holdings::release(const Held& held) {
    vacate(in_use_, resources(held.assignment), ranks_here(held.assignment));
}

}  // namespace xorch
