#include "coordinator/decide/reign.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "coordinator/decide/reign/live.h"
#include "coordinator/decide/schedule/gangs.h"
#include "core/planted.h"

namespace xorch {

namespace {

// Who goes is killed soon: batch systems wait for half a minute.
constexpr Millis heir_wait{20'000};

// Whoever claimed an epoch only to go has spent most of that time on the silence of the last one.
constexpr Millis heir_wait_at_once{8'000};

// A batch system that does not say so soon which of the jobs that the journal knows are there is
// not waited for by a person.
constexpr Millis batch_system_wait{30'000};

}  // namespace

Reign::Reign(State state, EpochNumber epoch, FactSink& sink, Now now)
    : live_(std::make_unique<Live>(std::move(state), epoch, sink, now)) {
    // An intent of an earlier epoch that nobody carried out, as far as the journal knows.
    for (const AllocationState& allocation : live_->state.allocations()) {
        if (allocation.submitted || allocation.started || allocation.ended) continue;
        StartAllocation order = start_order(live_->state, allocation);
        if (planted::has(planted::Bug::intent_twice))
            order.token += fmt::format("e{}", epoch.value);
        live_->outbox.push_back({0, std::move(order)});
    }
}

Reign::~Reign() = default;

void Reign::runs_in(AllocationId allocation) {
    live_->presence.runs_in = allocation;
}

void Reign::ask_anew(Now now) {
    if (live_->state.refused_for_good().empty()) return;
    Effects effects;
    effects.facts.emplace_back(SweepContinued{});
    live_->perform(now, std::move(effects));
}

void Reign::on_agent_message(Now now, IncarnationId from, const AgentMessage& message) {
    on_agent_messages(now, from, std::span(&message, 1));
}

void Reign::on_agent_messages(Now now, IncarnationId from, std::span<const AgentMessage> messages) {
    Live& live = *live_;
    if (live.ended) {
        live.send_home(from, messages);
        return;
    }
    const auto is_report = [](const AgentMessage& message) { return unit_of(message) != nullptr; };
    while (!messages.empty()) {
        const auto other = std::find_if_not(messages.begin(), messages.end(), is_report);
        const auto reports = static_cast<std::size_t>(other - messages.begin());
        if (reports > 0) {
            live.take_reports(now, from, live.receive(from, messages.first(reports)));
            // Before a goodbye that follows: who is gone is not acknowledged any more.
            live.acknowledge(from);
            messages = messages.subspan(reports);
        } else {
            live.hear(now, from, messages.front());
            messages = messages.subspan(1);
        }
    }
    if (live.is_present(from)) live.presence.agents[from].last_heard = now.boot;
    live.go_on(now);
}

void Reign::on_spooled(Now now, IncarnationId from, const std::vector<AgentMessage>& reports) {
    if (live_->ended) return;
    live_->take_reports(now, from, reports);
    live_->presence.on_spool_read(live_->state, from);
    live_->go_on(now);
}

void Reign::on_allocations(Now now, const std::vector<AllocationEvent>& events) {
    if (live_->ended || events.empty()) return;
    for (const AllocationEvent& event : events) {
        live_->presence.named.insert(
            std::visit([](const auto& each) { return each.allocation; }, event.what)
        );
        live_->perform(now, xorch::on_allocation(live_->state, live_->presence, event, now));
    }
    live_->go_on(now);
}

void Reign::on_request(Now now, const ClientRequest& request) {
    Live& live = *live_;
    if (live.ended) {
        const std::string text = "the coordinator is about to end; ask again";
        live.outbox.push_back({
            live.appended, ClientReply{request.id, false, text}
        });
        return;
    }
    const bool is_repeated = live.state.reply_to(request.id) != nullptr;
    live.perform(now, xorch::on_request(live.state, live.presence, request));
    if (request.verb == "stop" && !is_repeated) {
        on_stop_requested(now, wants_stop_at_once(request));
    } else {
        live.go_on(now);
    }
}

void Reign::on_adopted(Now now, const std::vector<UnitAdopted>& units) {
    Live& live = *live_;
    if (live.ended) return;
    Effects effects;
    std::unordered_set<UnitKey> seen;
    for (const UnitAdopted& unit : units) {
        if (seen.insert(unit.unit).second) effects.append(xorch::on_adopted(live.state, unit));
    }
    live.perform(now, std::move(effects));
    live.go_on(now);
}

void Reign::on_stop_requested(Now now, bool at_once) {
    Live& live = *live_;
    if (live.ended) return;
    const Stopping wanted = at_once ? Stopping::at_once : Stopping::in_order;
    if (wanted > live.presence.stopping) {
        live.presence.stopping = wanted;
        if (!at_once) live.perform(now, ask_agents_to_leave(live.state, live.presence));
    }
    live.go_on(now);
}

void Reign::on_hand_over(Now now, AllocationId leaves) {
    Live& live = *live_;
    if (live.ended) return;
    Presence& presence = live.presence;
    const Millis wait = now.boot == presence.began ? heir_wait_at_once : heir_wait;
    if (!presence.handing_over) presence.hand_over_by = now.boot + wait;
    presence.handing_over = true;
    presence.leaves = leaves;
    live.go_on(now);
}

void Reign::on_tick(Now now) {
    Live& live = *live_;
    if (live.ended) return;
    live.ticked = true;
    live.presence.forget_delays(now);
    for (const IncarnationId agent : lost_agents(live.state, live.presence, now))
        live.lose(now, agent, {.in_order = false, .reason = "it fell silent"});
    live.go_on(now);
    live.send_heartbeats(now);
}

void Reign::on_durable(Now, std::uint64_t sequence) {
    live_->durable = std::max(live_->durable, sequence);
}

std::vector<Outgoing> Reign::take() {
    std::vector<Outgoing> out = std::exchange(live_->urgent, {});
    std::deque<Live::Waiting>& outbox = live_->outbox;
    while (!outbox.empty() && outbox.front().sequence <= live_->durable) {
        out.push_back(std::move(outbox.front().message));
        outbox.pop_front();
    }
    return out;
}

Millis Reign::next_tick() const {
    const Presence& presence = live_->presence;
    const Tuning& tuning = live_->state.plan().sweep().tuning;
    if (live_->ended) return Millis::max();
    if (!live_->ticked) return presence.began;
    Millis next = Millis::max();
    const bool gangs_wait = any_gang_is_ready(live_->state);
    for (const std::uint32_t index : live_->state.present_agents()) {
        const AgentPresence* seen = presence.find(live_->state.agents()[index].incarnation);
        if (seen == nullptr) continue;
        // A node that settled may take ranks; one that never got company may be too small.
        for (const Millis moment : {seen->settled_at(), seen->greeted_at + tuning.lost_after}) {
            if (gangs_wait && moment > presence.judged) next = std::min(next, moment);
        }
        next = std::min(next, seen->last_heard + tuning.lost_after);
        if (seen->greeted) next = std::min(next, seen->next_heartbeat);
    }
    for (const auto& [unit, until] : presence.delayed)
        next = std::min(next, until);
    if (const auto healthy = next_healthy_canary(live_->state, presence)) {
        next = std::min(next, *healthy);
    }
    for (const Millis moment :
         {presence.ask_again,
          presence.successors_awaited,
          presence.hand_over_by,
          presence.names_awaited}) {
        if (moment > presence.judged) next = std::min(next, moment);
    }
    const Millis resumable_until = presence.began + 2 * tuning.inbox_every;
    if (presence.began_paused && resumable_until > presence.judged) {
        next = std::min(next, resumable_until);
    }
    return next;
}

bool Reign::awaits_batch_system(Now now) const {
    const Presence& presence = live_->presence;
    const std::vector<AllocationState>& all = live_->state.allocations();
    const bool may_be_gone = std::any_of(all.begin(), all.end(), [&](const AllocationState& each) {
        return !each.ended && !presence.named.contains(each.allocation);
    });
    const bool is_patient = now.boot - presence.began < batch_system_wait;
    return all.empty() || live_->state.awaits_submission() || (may_be_gone && is_patient);
}

std::vector<IncarnationId> Reign::take_spools_wanted() {
    return std::exchange(live_->spools_wanted, {});
}

const State& Reign::state() const {
    return live_->state;
}

std::vector<Reign::Running> Reign::running() const {
    std::vector<Running> result;
    for (const auto& [unit, attempt] : live_->presence.running)
        result.push_back({
            {unit, attempt.attempt},
            attempt.agent, attempt.since
        });
    std::sort(result.begin(), result.end(), [](const Running& a, const Running& b) {
        return a.unit.unit < b.unit.unit;
    });
    return result;
}

bool Reign::finished() const {
    return live_->ended && live_->outbox.empty() && live_->urgent.empty() &&
           live_->durable >= live_->appended;
}

}  // namespace xorch
