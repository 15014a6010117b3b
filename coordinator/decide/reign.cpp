#include "coordinator/decide/reign.h"

#include <algorithm>
#include <deque>
#include <unordered_set>
#include <utility>

#include "coordinator/decide/planted.h"
#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// One decision may call for the next; more rounds than this would be a circle among the rules.
constexpr int rounds_max = 10'000;

const UnitKey* unit_of(const AgentMessage& message) {
    if (const auto* end = std::get_if<EndReport>(&message)) return &end->unit;
    if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
        return &checkpoint->sealed.unit;
    }
    return nullptr;
}

std::uint64_t report_number(const AgentMessage& message) {
    if (const auto* end = std::get_if<EndReport>(&message)) return end->sequence;
    if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
        return checkpoint->sequence;
    }
    return 0;
}

void append(Effects& to, Effects from) {
    std::move(from.facts.begin(), from.facts.end(), std::back_inserter(to.facts));
    std::move(from.messages.begin(), from.messages.end(), std::back_inserter(to.messages));
}

// What an agent holds at a moment.
struct Held {
    IncarnationId agent;
    AssignedUnit attempt;
};

}  // namespace

struct Reign::Live {
    Live(State the_state, EpochNumber epoch, FactSink& the_sink, Now now)
        : state(std::move(the_state)), sink(the_sink), presence(state, epoch, now) {
        for (const std::uint32_t index : state.present_agents())
            spools_wanted.push_back(state.agents()[index].incarnation);
    }

    void perform(Now now, Effects effects);
    std::vector<Held> replaceable_units(const FactBatch& batch) const;
    void stop_replaced_units(const std::vector<Held>& held, Effects& effects) const;
    void go_on(Now now);
    void take_reports(Now now, IncarnationId from, std::span<const AgentMessage> messages);
    std::vector<AgentMessage> receive(IncarnationId from, std::span<const AgentMessage> reports);
    void hear(Now now, IncarnationId from, const AgentMessage& message);
    void hear_started(Now now, IncarnationId from, const AttemptStarted& started);
    void greet(Now now, const AgentHello& hello);
    void hear_heartbeat(Now now, IncarnationId from, const AgentHeartbeat& beat);
    void lose(Now now, IncarnationId agent, const AgentEnd& end);
    void send_heartbeats(Now now);
    void acknowledge(IncarnationId to);
    bool is_present(IncarnationId agent) const;

    // Sent in order, each when everything before it in the journal is durable.
    struct Waiting {
        std::uint64_t sequence = 0;
        Outgoing message;
    };

    State state;
    FactSink& sink;
    Presence presence;
    std::deque<Waiting> outbox;
    std::vector<Outgoing> urgent;  // rests on nothing
    std::uint64_t appended = 0;
    std::uint64_t durable = 0;
    std::vector<IncarnationId> spools_wanted;
    bool ended = false;
};

// Decide, persist, apply, speak.
void Reign::Live::perform(Now now, Effects effects) {
    if (!effects.facts.empty()) {
        const FactBatch batch{.at_unix = now.unix, .facts = std::move(effects.facts)};
        const Appended where = sink.append(batch);
        appended = where.sequence;
        const std::vector<Held> held = replaceable_units(batch);
        for (const Fact& fact : batch.facts) {
            if (const auto* gone = std::get_if<AgentGone>(&fact)) {
                spools_wanted.push_back(gone->incarnation);
            }
            ended = ended || std::holds_alternative<EpochEnded>(fact);
        }
        const auto applied = state.apply(batch, where.at);
        XORCH_CHECK(applied.has_value(), applied.error().message);
        for (const Fact& fact : batch.facts)
            presence.observe(fact, state, now);
        stop_replaced_units(held, effects);
    }
    for (Outgoing& message : effects.messages) {
        if (const auto* wanted = std::get_if<AdoptionWanted>(&message)) {
            presence.adoption_wanted.insert(wanted->unit);
        }
        outbox.push_back({appended, std::move(message)});
    }
}

// A selection decided anew may replace units that agents hold.
std::vector<Held> Reign::Live::replaceable_units(const FactBatch& batch) const {
    const bool any = std::any_of(batch.facts.begin(), batch.facts.end(), [](const Fact& fact) {
        return std::holds_alternative<SelectionDecided>(fact);
    });
    std::vector<Held> held;
    if (!any) return held;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        for (const UnitKey unit : agent.holding)
            held.push_back({
                agent.incarnation, {unit, AttemptNumber{state.unit(unit).attempt}}
            });
    }
    return held;
}

void Reign::Live::stop_replaced_units(const std::vector<Held>& held, Effects& effects) const {
    for (const auto& [agent, attempt] : held) {
        const bool is_current = state.has_unit(attempt.unit) &&
                                state.unit(attempt.unit).phase == UnitPhase::assigned &&
                                state.unit(attempt.unit).attempt == attempt.attempt.value;
        if (is_current) continue;
        const StopAttempt stop{
            .unit = attempt.unit,
            .attempt = attempt.attempt,
            .cause = Cause::superseded,
            .at_once = true};
        effects.messages.emplace_back(ToAgent{agent, stop});
    }
}

// Everything that is due now that something changed, and new work for whoever can take it.
void Reign::Live::go_on(Now now) {
    for (int round = 0; !ended; ++round) {
        XORCH_CHECK(round < rounds_max, "the rules go round in circles");
        Effects effects = on_progress(state, presence, now);
        if (effects.facts.empty()) append(effects, on_lane(state, presence));
        if (effects.empty()) break;
        perform(now, std::move(effects));
    }
    if (ended) return;
    if (const auto reason = why_over(state, presence, now)) {
        perform(now, end_reign(state, presence, *reason, now));
        return;
    }
    perform(now, schedule(state, presence, now));
}

bool Reign::Live::is_present(IncarnationId agent) const {
    const AgentState* known = state.find_agent(agent);
    return known != nullptr && !known->gone;
}

void Reign::Live::greet(Now now, const AgentHello& hello) {
    perform(now, on_hello(state, presence, hello, now));
    if (!is_present(hello.incarnation)) return;
    AgentPresence& seen = presence.agents[hello.incarnation];
    if (!seen.greeted) seen.next_heartbeat = now.boot;
    seen.greeted = true;
    seen.last_heard = now.boot;
    seen.next_report = std::max(seen.next_report, hello.first_unacknowledged);
    // What it does not name may be in reports that follow, or was lost on the way to it: the next
    // heartbeat shows which.
    seen.short_beats = lacks_units(*state.find_agent(hello.incarnation), hello) ? 1 : 0;
}

void Reign::Live::hear_heartbeat(Now now, IncarnationId from, const AgentHeartbeat& beat) {
    const AgentState* agent = state.find_agent(from);
    if (!is_present(from)) return;
    AgentPresence& seen = presence.agents[from];
    const bool is_short = std::size_t{beat.running} + beat.queued < agent->holding.size();
    seen.short_beats = is_short ? seen.short_beats + 1 : 0;
    if (seen.short_beats < 2 || presence.stopping != Stopping::no) return;
    seen.short_beats = 0;
    perform(now, on_short_heartbeats(state, *agent));
}

void Reign::Live::lose(Now now, IncarnationId agent, const AgentEnd& end) {
    if (is_present(agent)) {
        perform(now, on_agent_gone(state, presence, *state.find_agent(agent), end, now));
    }
}

void Reign::Live::hear(Now now, IncarnationId from, const AgentMessage& message) {
    if (const auto* hello = std::get_if<AgentHello>(&message)) {
        greet(now, *hello);
    } else if (const auto* beat = std::get_if<AgentHeartbeat>(&message)) {
        hear_heartbeat(now, from, *beat);
    } else if (const auto* started = std::get_if<AttemptStarted>(&message)) {
        hear_started(now, from, *started);
    } else if (const auto* goodbye = std::get_if<AgentGoodbye>(&message)) {
        lose(now, from, {.in_order = true, .reason = goodbye->reason});
    }
}

void Reign::Live::hear_started(Now now, IncarnationId from, const AttemptStarted& started) {
    if (!state.has_unit(started.unit)) return;
    const UnitState& unit = state.unit(started.unit);
    const bool is_current = unit.phase == UnitPhase::assigned &&
                            unit.attempt == started.attempt.value &&
                            state.agents()[unit.agent].incarnation == from;
    if (!is_current) return;
    presence.running[started.unit] = {started.attempt, from, now.boot};
}

// Reports that were received before need only be acknowledged again. A gap means that some were
// lost on the way: what comes after it counts, and is acknowledged once the rest was repeated.
std::vector<AgentMessage> Reign::Live::receive(
    IncarnationId from, std::span<const AgentMessage> reports
) {
    std::vector<AgentMessage> fresh;
    if (!is_present(from)) return {reports.begin(), reports.end()};
    AgentPresence& seen = presence.agents[from];
    seen.short_beats = 0;
    for (const AgentMessage& report : reports) {
        const std::uint64_t number = report_number(report);
        if (number < seen.next_report) continue;
        if (number == seen.next_report) ++seen.next_report;
        fresh.push_back(report);
    }
    return fresh;
}

// Reports of different units share a batch of facts; a unit's next report is judged by the state
// that its earlier ones made.
void Reign::Live::take_reports(
    Now now, IncarnationId from, std::span<const AgentMessage> messages
) {
    Effects effects;
    std::unordered_set<UnitKey> touched;
    for (const AgentMessage& message : messages) {
        const UnitKey* unit = unit_of(message);
        if (unit == nullptr) continue;
        if (!touched.insert(*unit).second) {
            perform(now, std::exchange(effects, {}));
            touched = {*unit};
        }
        if (const auto* end = std::get_if<EndReport>(&message)) {
            append(effects, on_end(state, from, *end));
        } else if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
            append(effects, on_checkpoint(state, from, *checkpoint));
        }
    }
    perform(now, std::move(effects));
}

void Reign::Live::acknowledge(IncarnationId to) {
    const AgentPresence* seen = presence.find(to);
    if (seen == nullptr || seen->next_report <= 1) return;
    ToAgent message{to, Acknowledge{seen->next_report - 1}};
    if (planted::ack_before_sync) {
        urgent.emplace_back(std::move(message));
    } else {
        outbox.push_back({appended, std::move(message)});
    }
}

void Reign::Live::send_heartbeats(Now now) {
    for (const std::uint32_t index : state.present_agents()) {
        const IncarnationId agent = state.agents()[index].incarnation;
        AgentPresence& seen = presence.agents[agent];
        if (!seen.greeted || now.boot < seen.next_heartbeat) continue;
        seen.next_heartbeat = now.boot + state.plan().sweep().tuning.heartbeat_every;
        urgent.emplace_back(ToAgent{agent, CoordinatorHeartbeat{}});
    }
}

Reign::Reign(State state, EpochNumber epoch, FactSink& sink, Now now)
    : live_(std::make_unique<Live>(std::move(state), epoch, sink, now)) {
    // An intent of an earlier epoch that nobody carried out, as far as the journal knows.
    for (const AllocationState& allocation : live_->state.allocations()) {
        if (allocation.submitted || allocation.started || allocation.ended) continue;
        live_->outbox.push_back({
            0, StartAllocation{allocation.allocation, allocation.token}
        });
    }
}

Reign::~Reign() = default;

void Reign::on_agent_message(Now now, IncarnationId from, const AgentMessage& message) {
    on_agent_messages(now, from, std::span(&message, 1));
}

void Reign::on_agent_messages(Now now, IncarnationId from, std::span<const AgentMessage> messages) {
    Live& live = *live_;
    if (live.ended) return;
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

void Reign::on_allocation(Now now, const AllocationEvent& event) {
    if (live_->ended) return;
    live_->perform(now, xorch::on_allocation(live_->state, live_->presence, event, now));
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
        if (seen.insert(unit.unit).second) append(effects, xorch::on_adopted(live.state, unit));
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

void Reign::on_tick(Now now) {
    Live& live = *live_;
    if (live.ended) return;
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
    Millis next = Millis::max();
    for (const std::uint32_t index : live_->state.present_agents()) {
        const AgentPresence* seen = presence.find(live_->state.agents()[index].incarnation);
        if (seen == nullptr) continue;
        next = std::min(next, seen->last_heard + tuning.lost_after);
        if (seen->greeted) next = std::min(next, seen->next_heartbeat);
    }
    for (const auto& [unit, until] : presence.delayed)
        next = std::min(next, until);
    if (const auto healthy = next_healthy_canary(live_->state, presence)) {
        next = std::min(next, *healthy);
    }
    if (presence.began_paused) next = std::min(next, presence.began + 2 * tuning.inbox_every);
    return next;
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
