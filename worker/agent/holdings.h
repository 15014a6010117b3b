#pragma once

// The attempts that an agent holds: queued in order, running, or being ended; and the resources in
// use. An attempt gives its resources back when every process of it is gone, never earlier
// (invariant I9). Owned by the agent; loop thread only.

#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/facts.h"
#include "core/messages.h"
#include "core/sweep.h"
#include "core/time.h"
#include "worker/agent/reports.h"

namespace xorch {

struct Held {
    Assignment assignment;
    bool running = false;  // given to the executor; false = queued
    bool silent = false;   // superseded: its end is nobody's business
    bool asked = false;    // told to stop
    bool killed = false;   // told to stop at once
    Millis started_boot{0};
};

class Holdings {
 public:
    Holdings(const Sweep& sweep, Capacity capacity);

    // Queues it. False if it is held already.
    bool add(Assignment assignment);

    // Null if it is not held.
    Held* find(AssignedUnit attempt);
    const Held* find(AssignedUnit attempt) const;

    // Null, or the attempt that may start now: the first in the queue for which `worthwhile` holds.
    // An attempt that does not fit what is free makes the rest wait, so that it is never passed by
    // for ever.
    Held* next_startable(const std::function<bool(UnitKey)>& worthwhile);

    // It could not run here even on an idle node.
    bool too_large(const Assignment& assignment) const;

    void start(Held& held, Millis now_boot);

    // Forgets the attempt; a running one gives back its resources.
    void remove(AssignedUnit attempt);

    // Called when an attempt has been told to end at once.
    void on_killed(const Held& held);

    Capacity in_use() const { return in_use_; }

    std::size_t running_count() const { return running_.size(); }

    std::size_t queued_count() const { return held_.size() - running_.size(); }

    const std::vector<AssignedUnit>& running() const { return running_; }

    std::vector<AssignedUnit> queued() const;

 private:
    const Resources& resources(const Assignment& assignment) const;
    // Of a gang: its ranks on this node.
    bool fits(const Assignment& assignment, const Capacity& used) const;
    bool unit_runs(const UnitId& unit) const;
    void release(const Held& held);

    const Sweep& sweep_;
    Capacity capacity_;
    Capacity in_use_;
    bool alone_runs_ = false;
    std::unordered_map<AssignedUnit, Held, AssignedUnitHash> held_;
    std::deque<AssignedUnit> queue_;  // may name attempts that are queued no more
    std::vector<AssignedUnit> running_;
};

inline AssignedUnit key_of(const Assignment& assignment) {
    return {.unit = assignment.unit, .attempt = assignment.attempt};
}

}  // namespace xorch
