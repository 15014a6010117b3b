#include "worker/agent.h"

#include <algorithm>
#include <utility>

#include "core/planted.h"
#include "worker/agent/content.h"

namespace xorch {

void Agent::Content::on_welcome(Now now, const Welcome& welcome) {
    welcomed = true;
    for (const AssignedUnit& attempt : welcome.superseded) {
        supersede(attempt);
    }
    if (has_gangs()) out.orders.emplace_back(EndForeignRanks{welcome.lends});
    forget_through(now, welcome.acknowledged_through);
}

void Agent::Content::on_assign(const Assign& assign) {
    for (const Assignment& assignment : assign.units) {
        const AssignedUnit key = key_of(assignment);
        // Offered again because the coordinator had not read our report yet.
        if (key.unit.stage.value >= sweep.stages.size() || reports.has_ended(key)) continue;
        if (!holdings.add(assignment)) continue;
        if (leaving) {
            give_back_unstarted(key, leaving->cause, leaving->reason);
        } else if (holdings.too_large(assignment)) {
            give_back_unstarted(key, Cause::spawn, "the unit needs more than this node has");
        }
    }
}

void Agent::Content::on_stop(const StopAttempt& stop) {
    const AssignedUnit key{.unit = stop.unit, .attempt = stop.attempt};
    Held* held = holdings.find(key);
    if (held == nullptr) return;
    if (held->running) {
        end_attempt(*held, stop.cause, stop.at_once);
    } else {
        give_back_unstarted(key, stop.cause, "stopped before it started");
    }
}

void Agent::Content::supersede(AssignedUnit attempt) {
    Held* held = holdings.find(attempt);
    if (held == nullptr) return;
    if (held->running) {
        held->silent = true;
        end_attempt(*held, Cause::superseded, true);
    } else {
        holdings.remove(attempt);
    }
}

void Agent::Content::on_order(Now now, const CoordinatorMessage& message) {
    if (const auto* assign = std::get_if<Assign>(&message)) {
        on_assign(*assign);
    } else if (const auto* stop = std::get_if<StopAttempt>(&message)) {
        on_stop(*stop);
    } else if (const auto* acknowledged = std::get_if<Acknowledge>(&message)) {
        forget_through(now, acknowledged->through);
    } else if (const auto* order = std::get_if<Leave>(&message)) {
        leave(
            {.cause = Cause::stop_request, .reason = order->reason, .goodbye_at = {}},
            order->at_once
        );
    } else if (const auto* end = std::get_if<EndRanks>(&message)) {
        out.orders.emplace_back(*end);
    } else if (const auto* beat = std::get_if<CoordinatorHeartbeat>(&message)) {
        if (beat->allocation_left > Millis{0}) on_allocation_left(now, beat->allocation_left);
    }
}

// The batch system moved the end, or somebody knows it better. What is only a few moments of the
// message's way is no news.
void Agent::Content::on_allocation_left(Now now, Millis left) {
    constexpr Millis noise{2'000};
    const Millis end = now.boot + left;
    const Millis moved = end - allocation_end;
    if (allocation_end != Millis{0} && moved < noise && moved > -noise) return;
    allocation_end = end;
    watch_deadlines(now);
}

void Agent::Content::on_news(const AttemptNews& news) {
    if (const auto* over = std::get_if<AttemptOver>(&news)) {
        on_over(*over);
    } else if (const auto* sealed = std::get_if<AttemptSealed>(&news)) {
        const CheckpointSealed& what = sealed->sealed;
        const Held* held = holdings.find({.unit = what.unit, .attempt = what.attempt});
        if (held == nullptr || held->silent) return;
        slices.on_checkpoint(what.unit, what.took);
        reports.add_checkpoint(what);
    } else if (const auto* runs = std::get_if<AttemptRunning>(&news)) {
        const Held* held = holdings.find({.unit = runs->unit, .attempt = runs->attempt});
        if (held == nullptr || held->silent) return;
        say(AttemptStarted{.unit = runs->unit, .attempt = runs->attempt, .pid = runs->pid});
    }
}

void Agent::Content::on_over(const AttemptOver& over) {
    const AssignedUnit key{.unit = over.unit, .attempt = over.attempt};
    const Held* held = holdings.find(key);
    if (held == nullptr || !held->running) return;
    const bool silent = held->silent;
    holdings.remove(key);
    slices.forget(key.unit);
    if (!silent) {
        if (over.end.cause == Cause::none) slices.on_done(key.unit, over.end.ran);
        reports.add_end(key, over.end);
    }
}

Agent::Agent(const Sweep& sweep, AgentSettings settings, Now now)
    : content_(std::make_unique<Content>(sweep, std::move(settings), now)) {}

Agent::~Agent() = default;
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;

void Agent::on_connected(Now now, EpochNumber epoch) {
    Content& self = *content_;
    if (!self.may_follow(epoch)) return;
    const bool again = self.highest_epoch != EpochNumber{};
    self.highest_epoch = epoch;
    self.connected = true;
    self.next_heartbeat = now.boot + self.sweep.tuning.heartbeat_every;
    if (again && planted::has(planted::Bug::timer_lost)) self.next_heartbeat = Content::never;
    self.say_hello(now);
    self.settle(now);
}

void Agent::on_disconnected(Now now) {
    content_->drop_connection();
    content_->settle(now);
}

void Agent::on_message(Now now, EpochNumber epoch, const CoordinatorMessage& message) {
    Content& self = *content_;
    if (!self.connected || !self.may_follow(epoch)) return;
    self.last_heard = now.boot;
    self.ended_foreign = false;
    if (const auto* welcome = std::get_if<Welcome>(&message)) {
        self.on_welcome(now, *welcome);
    } else if (self.welcomed || std::holds_alternative<Leave>(message)) {
        // A coordinator that has no use for this agent says so instead of welcoming it.
        self.on_order(now, message);
    }
    self.settle(now);
}

void Agent::on_attempt(Now now, const AttemptNews& news) {
    content_->on_news(news);
    content_->settle(now);
}

void Agent::on_allocation_end(Now now, Millis end_boot) {
    content_->allocation_end = end_boot;
    content_->watch_deadlines(now);
    content_->settle(now);
}

// Slurm says TERM twice at once, and keepers pass it on: a second one is no impatience.
void Agent::on_terminate(Now now) {
    const bool is_second = content_->leaving && content_->leaving->cause == Cause::preempted;
    content_->leave(
        {.cause = Cause::preempted,
         .reason = std::string(reason_preempted),
         .kill_at = now.boot + content_->sweep.tuning.drain_slack,
         .goodbye_at = {}},
        is_second && planted::has(planted::Bug::second_term_kills)
    );
    content_->settle(now);
}

void Agent::on_tick(Now now) {
    content_->watch_deadlines(now);
    content_->watch_connection(now);
    content_->settle(now);
}

Millis Agent::next_tick() const {
    const Content& self = *content_;
    return std::min(
        {self.next_heartbeat,
         self.silent_at(),
         self.repeat_at(),
         self.leaderless_at(),
         self.forsaken_at(),
         self.gone_at(),
         self.next_deadline()}
    );
}

AgentOutput Agent::take() {
    return std::exchange(content_->out, {});
}

const std::deque<AgentMessage>& Agent::unacknowledged() const {
    return content_->reports.unacknowledged();
}

Capacity Agent::in_use() const {
    return content_->holdings.in_use();
}

std::vector<AssignedUnit> Agent::holding() const {
    std::vector<AssignedUnit> keys = content_->holdings.running();
    const std::vector<AssignedUnit> queued = content_->holdings.queued();
    keys.insert(keys.end(), queued.begin(), queued.end());
    return keys;
}

}  // namespace xorch
