// The agent and its coordinator: hellos, reports, heartbeats, silence.

#include <algorithm>
#include <utility>

#include "core/planted.h"
#include "worker/agent/content.h"

namespace xorch {

bool Agent::Content::may_follow(EpochNumber epoch) const {
    return epoch >= highest_epoch || planted::has(planted::Bug::no_epoch_check);
}

void Agent::Content::say(AgentMessage message) {
    if (connected) out.messages.push_back(std::move(message));
}

void Agent::Content::say_hello(Now now) {
    AgentHello hello{
        .incarnation = settings.incarnation,
        .allocation = settings.allocation,
        .node = settings.node,
        .pid = settings.pid,
        .capacity = settings.capacity,
        .holding = {},
        .first_unacknowledged = reports.first_unacknowledged(),
        .allocation_left = allocation_left(now)};
    for (const AssignedUnit& key : holdings.running()) {
        if (!holdings.find(key)->silent) hello.holding.push_back(key);
    }
    const std::vector<AssignedUnit> queued = holdings.queued();
    hello.holding.insert(hello.holding.end(), queued.begin(), queued.end());

    // What waits to be said is said again by the hello and the reports that follow it.
    flush_reports();
    out.messages.clear();
    say(std::move(hello));
    for (const AgentMessage& report : reports.unacknowledged()) {
        say(report);
    }
    if (leaving && leaving->goodbye_at) say(AgentGoodbye{.reason = leaving->reason});
    last_hello = now.boot;
    last_progress = now.boot;
    welcomed = false;
}

void Agent::Content::flush_reports() {
    for (AgentMessage& report : reports.take_new()) {
        out.spool.push_back(report);
        say(std::move(report));
    }
}

void Agent::Content::drop_connection() {
    connected = false;
    welcomed = false;
    next_heartbeat = never;
    out.messages.clear();
}

void Agent::Content::forget_through(Now now, std::uint64_t sequence) {
    if (reports.forget_through(sequence)) last_progress = now.boot;
}

void Agent::Content::watch_connection(Now now) {
    const Tuning& tuning = sweep.tuning;
    if (connected && now.boot >= silent_at()) {
        drop_connection();
        out.reconnect = true;
    }
    if (connected && now.boot >= repeat_at()) say_hello(now);
    if (connected && now.boot >= next_heartbeat) {
        say(AgentHeartbeat{
            .allocation_left = allocation_left(now),
            .running = static_cast<std::uint32_t>(holdings.running_count()),
            .queued = static_cast<std::uint32_t>(holdings.queued_count()),
            .leaving = leaving.has_value()});
        next_heartbeat = now.boot + tuning.heartbeat_every;
    }
    if (now.boot >= forsaken_at()) give_up_gangs();
    if (now.boot >= leaderless_at()) out.exit = true;
}

Millis Agent::Content::allocation_left(Now now) const {
    if (allocation_end == Millis{0}) return Millis{0};
    return std::max(allocation_end - now.boot, Millis{1});
}

// When a connection on which nothing was heard counts as none.
Millis Agent::Content::silent_at() const {
    return connected ? std::max(last_heard, last_hello) + sweep.tuning.lost_after : never;
}

// When to say hello again on a connection that nobody saw break, but on which the hello, its answer
// or an acknowledgement was lost.
Millis Agent::Content::repeat_at() const {
    if (!connected) return never;
    if (!welcomed) return last_hello + sweep.tuning.suspect_after;
    return reports.unacknowledged().empty() ? never : last_progress + sweep.tuning.lost_after;
}

Millis Agent::Content::leaderless_at() const {
    const bool idle = holdings.running_count() + holdings.queued_count() == 0;
    return idle ? last_heard + sweep.tuning.leaderless_exit : never;
}

// A node that nobody reaches may have ranks that wait for others for ever, and so may its gangs
// elsewhere. Nothing but their end depends on this: nobody is given their slots before this agent
// was told to end them.
void Agent::Content::give_up_gangs() {
    ended_foreign = true;
    out.orders.emplace_back(EndForeignRanks{});
    for (const AssignedUnit& key : holdings.running()) {
        Held& held = *holdings.find(key);
        if (held.assignment.hosts.size() > 1) end_attempt(held, Cause::agent_lost, true);
    }
    for (const AssignedUnit& key : holdings.queued()) {
        if (holdings.find(key)->assignment.hosts.size() <= 1) continue;
        give_back_unstarted(key, Cause::agent_lost, "its agent heard nothing of the coordinator");
    }
}

// Much later than the coordinator gives their units away: one that is away for some minutes costs
// no gang its work.
Millis Agent::Content::forsaken_at() const {
    return has_gangs() && !ended_foreign ? last_heard + sweep.tuning.leaderless_exit : never;
}

bool Agent::Content::has_gangs() const {
    return std::any_of(sweep.stages.begin(), sweep.stages.end(), [](const Stage& stage) {
        return stage.resources.is_gang();
    });
}

}  // namespace xorch
