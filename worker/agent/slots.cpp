// What starts, what must stop, and how the agent leaves.

#include <algorithm>
#include <utility>

#include "worker/agent/content.h"

namespace xorch {

namespace {

// An end of an attempt that never started (core/facts.h).
AttemptEnd unstarted_end(Cause cause, std::string message) {
    AttemptEnd end;
    end.cause = cause;
    end.message = std::move(message);
    return end;
}

}  // namespace

void Agent::Content::end_attempt(Held& held, Cause cause, bool at_once) {
    if (held.killed || (held.asked && !at_once)) return;
    held.asked = true;
    held.killed = at_once;
    out.orders.emplace_back(EndAttempt{
        .unit = held.assignment.unit,
        .attempt = held.assignment.attempt,
        .cause = cause,
        .at_once = at_once});
    if (at_once) holdings.on_killed(held);
}

void Agent::Content::give_back_unstarted(AssignedUnit attempt, Cause cause, std::string message) {
    holdings.remove(attempt);
    reports.add_end(attempt, unstarted_end(cause, std::move(message)));
}

void Agent::Content::leave(Leaving how, bool at_once) {
    if (leaving) {
        leaving->kill_at = std::min(leaving->kill_at, how.kill_at);
    } else {
        leaving = std::move(how);
        if (connected) next_heartbeat = Millis{0};  // which says so
    }
    for (const AssignedUnit& key : holdings.queued()) {
        give_back_unstarted(key, leaving->cause, leaving->reason);
    }
    for (const AssignedUnit& key : holdings.running()) {
        end_attempt(*holdings.find(key), leaving->cause, at_once);
    }
}

Millis Agent::Content::stop_at(UnitKey unit) const {
    return allocation_end == Millis{0} ? never : allocation_end - slices.lead(unit);
}

// Half of the slack is for asking too late; the other half is for reporting what was killed before
// the batch system kills us.
Millis Agent::Content::kill_at() const {
    const Millis by_end =
        allocation_end == Millis{0} ? never : allocation_end - sweep.tuning.drain_slack / 2;
    return leaving ? std::min(by_end, leaving->kill_at) : by_end;
}

bool Agent::Content::worthwhile(Now now, UnitKey unit) const {
    const Millis stop = stop_at(unit);
    return stop == never || stop - now.boot > slices.least_slice(unit);
}

void Agent::Content::start_fitting(Now now) {
    if (leaving) return;
    const auto is_worthwhile = [this, now](UnitKey unit) { return worthwhile(now, unit); };
    while (Held* held = holdings.next_startable(is_worthwhile)) {
        holdings.start(*held, now.boot);
        out.orders.emplace_back(start_order(now, held->assignment));
    }
}

StartAttempt Agent::Content::start_order(Now now, const Assignment& assignment) const {
    Millis left = never;
    if (const Millis stop = stop_at(assignment.unit); stop != never) left = stop - now.boot;
    if (assignment.timeout_left > Millis{0}) left = std::min(left, assignment.timeout_left);
    StartAttempt order{.assignment = assignment, .deadline_unix = {}, .time_left = {}};
    if (left != never) {
        order.deadline_unix = now.unix + left;
        order.time_left = left;
    }
    return order;
}

void Agent::Content::watch_deadlines(Now now) {
    const bool kill = now.boot >= kill_at();
    for (const AssignedUnit& key : holdings.running()) {
        Held& held = *holdings.find(key);
        const Millis timeout = held.assignment.timeout_left;
        if (timeout > Millis{0} && now.boot - held.started_boot >= timeout) {
            end_attempt(held, Cause::timeout, false);
        }
        if (now.boot >= stop_at(key.unit)) end_attempt(held, Cause::time_limit, false);
        if (kill) end_attempt(held, leaving ? leaving->cause : Cause::time_limit, true);
    }
}

// An idle agent leaves when its time is up, or when nothing that it was given fits what is left.
void Agent::Content::leave_if_time_is_up(Now now) {
    if (leaving || allocation_end == Millis{0} || holdings.running_count() > 0) return;
    // With nothing running, whatever is queued was not worth starting.
    const bool nothing_fits = holdings.queued_count() > 0;
    if (nothing_fits || now.boot >= allocation_end - sweep.tuning.drain_slack) {
        leave(
            {.cause = Cause::time_limit,
             .reason = std::string(reason_allocation_ends),
             .goodbye_at = {}},
            false
        );
    }
}

void Agent::Content::finish_leaving(Now now) {
    if (!leaving || holdings.running_count() > 0) return;
    flush_reports();
    if (!leaving->goodbye_at) {
        leaving->goodbye_at = now.boot;
        say(AgentGoodbye{.reason = leaving->reason});
    }
    const bool answered = reports.unacknowledged().empty();
    if (answered || !connected || now.boot >= gone_at()) out.exit = true;
}

// When an agent that said goodbye stops waiting for acknowledgements: they are in its spool.
Millis Agent::Content::gone_at() const {
    if (!leaving || !leaving->goodbye_at) return never;
    const Millis waited = *leaving->goodbye_at + sweep.tuning.suspect_after;
    return allocation_end == Millis{0} ? waited : std::min(waited, allocation_end);
}

Millis Agent::Content::next_deadline() const {
    Millis next = never;
    for (const AssignedUnit& key : holdings.running()) {
        const Held& held = *holdings.find(key);
        if (!held.killed) next = std::min(next, kill_at());
        if (held.asked) continue;
        next = std::min(next, stop_at(key.unit));
        const Millis timeout = held.assignment.timeout_left;
        if (timeout > Millis{0}) next = std::min(next, held.started_boot + timeout);
    }
    if (!leaving && allocation_end != Millis{0} && holdings.running_count() == 0) {
        next = std::min(next, allocation_end - sweep.tuning.drain_slack);
    }
    return next;
}

// What every event ends with: free resources are used, what came to an end is said.
void Agent::Content::settle(Now now) {
    start_fitting(now);
    leave_if_time_is_up(now);
    flush_reports();
    finish_leaving(now);
}

}  // namespace xorch
