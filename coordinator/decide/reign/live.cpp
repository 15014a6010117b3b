#include "coordinator/decide/reign/live.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "coordinator/decide/schedule/gangs.h"
#include "core/planted.h"

namespace xorch {

namespace {

// One decision may call for the next; more rounds than this would be a circle among the rules.
constexpr int rounds_max = 10'000;

std::uint64_t report_number(const AgentMessage& message) {
    if (const auto* end = std::get_if<EndReport>(&message)) return end->sequence;
    if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
        return checkpoint->sequence;
    }
    return 0;
}

// An agent of this node was there before, perhaps under an earlier coordinator.
bool is_node_known(const State& state, const AgentHello& hello) {
    const std::vector<AgentState>& all = state.agents();
    return std::any_of(all.begin(), all.end(), [&](const AgentState& agent) {
        return agent.allocation == hello.allocation && agent.node == hello.node;
    });
}

}  // namespace

const UnitKey* unit_of(const AgentMessage& message) {
    if (const auto* end = std::get_if<EndReport>(&message)) return &end->unit;
    if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
        return &checkpoint->sealed.unit;
    }
    return nullptr;
}

// Decide, persist, apply, speak.
void Reign::Live::perform(Now now, Effects effects) {
    if (!effects.facts.empty()) {
        const FactBatch batch{.at_unix = now.unix, .facts = std::move(effects.facts)};
        const Appended where = sink.append(batch);
        appended = where.sequence;
        const std::vector<HeldAttempt> held = takeable_units(batch);
        const std::vector<HeldGang> gangs = held_gangs(batch);
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
        stop_taken_units(now, held, effects);
        end_ranks(now, gangs, batch, effects);
    }
    for (Outgoing& message : effects.messages) {
        if (const auto* wanted = std::get_if<AdoptionWanted>(&message)) {
            presence.adoption_asked[wanted->unit] = now.boot;
        }
        if (const auto* said = std::get_if<ToAgent>(&message)) {
            const auto seen = presence.agents.find(said->to);
            const bool leaves = std::holds_alternative<Leave>(said->message);
            if (leaves && seen != presence.agents.end()) seen->second.sent_home = true;
        }
        outbox.push_back({appended, std::move(message)});
    }
}

// Everything that is due now that something changed, and new work for whoever can take it.
void Reign::Live::go_on(Now now) {
    presence.judged = now.boot;
    lose_leavers(now);
    for (int round = 0; !ended; ++round) {
        XORCH_CHECK(round < rounds_max, "the rules go round in circles");
        Effects effects = on_progress(state, presence, now);
        if (effects.facts.empty()) effects.append(on_blame(state, presence, now));
        if (effects.facts.empty()) effects.append(on_lane(state, presence, now));
        if (effects.empty()) break;
        perform(now, std::move(effects));
    }
    if (ended) return;
    if (const auto reason = why_over(state, presence, now)) {
        perform(now, end_reign(state, presence, *reason, now));
        return;
    }
    GangPlacer gangs(state, presence, now);
    for (Effects gang = gangs.next(); !gang.empty(); gang = gangs.next()) {
        perform(now, std::move(gang));
    }
    perform(now, schedule(state, presence, now));
}

bool Reign::Live::is_present(IncarnationId agent) const {
    const AgentState* known = state.find_agent(agent);
    return known != nullptr && !known->gone;
}

void Reign::Live::greet(Now now, const AgentHello& hello) {
    const bool was_known = is_node_known(state, hello);
    Effects effects = on_hello(state, presence, hello, now);
    const Effects said{.facts = {}, .messages = effects.messages};
    perform(now, std::move(effects));
    if (!is_present(hello.incarnation)) return;
    presence.named.insert(hello.allocation);
    AgentPresence& seen = presence.agents[hello.incarnation];
    if (!seen.greeted) {
        seen.next_heartbeat = now.boot;
        seen.greeted_at = now.boot;
        // What an earlier agent, or this one under an earlier coordinator, left on the node ends
        // when it hears the welcome.
        if (was_known) take(now, hello.incarnation, {}, unheard_for());
    }
    renew_taken(now, hello.incarnation);
    seen.greeted = true;
    seen.sent_home = presence.stopping != Stopping::no;
    seen.last_heard = now.boot;
    seen.next_report = std::max(seen.next_report, hello.first_unacknowledged);
    // What it does not name may be in reports that follow, or was lost on the way to it: the next
    // heartbeat shows which.
    seen.short_beats = lacks_units(*state.find_agent(hello.incarnation), hello) ? 1 : 0;
    remember_superseded(now, hello.incarnation, said);
}

void Reign::Live::hear_heartbeat(Now now, IncarnationId from, const AgentHeartbeat& beat) {
    const AgentState* agent = state.find_agent(from);
    if (!is_present(from)) return;
    AgentPresence& seen = presence.agents[from];
    seen.leaving = beat.leaving;
    const bool is_short = std::size_t{beat.running} + beat.queued < agent->holding.size();
    seen.short_beats = is_short ? seen.short_beats + 1 : 0;
    if (seen.short_beats < 2 || presence.stopping != Stopping::no) return;
    seen.short_beats = 0;
    perform(now, on_short_heartbeats(state, *agent));
}

void Reign::Live::lose(Now now, IncarnationId agent, const AgentEnd& end) {
    if (!is_present(agent)) return;
    const AgentState& known = *state.find_agent(agent);
    AgentPresence& seen = presence.agents[agent];
    const bool waits = end.in_order && !known.lends.empty();
    if (!waits) return perform(now, on_agents_gone(state, presence, {&known}, end, now));
    // The gangs may save what they did; silence would end them as ever.
    seen.farewell = end.reason;
    seen.sent_home = true;
    presence.leavers.push_back(agent);
    perform(now, on_lender_leaves(state, presence, known));
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

Effects Reign::Live::hear_end(Now now, IncarnationId from, EndReport report) {
    if (const auto seen = presence.agents.find(from); seen != presence.agents.end()) {
        std::erase_if(seen->second.taken, [&](const TakenAttempt& each) {
            return each.attempt == AssignedUnit{report.unit, report.attempt};
        });
    }
    std::string& unfit = report.end.unfit_node;
    if (!unfit.empty() && !may_do_without(state, presence, report.unit, unfit, now)) unfit.clear();
    return on_end(state, from, report);
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
            effects.append(hear_end(now, from, *end));
        } else if (const auto* checkpoint = std::get_if<CheckpointReport>(&message)) {
            effects.append(on_checkpoint(state, from, *checkpoint));
        }
    }
    perform(now, std::move(effects));
}

void Reign::Live::acknowledge(IncarnationId to) {
    const AgentPresence* seen = presence.find(to);
    if (seen == nullptr || seen->next_report <= 1) return;
    ToAgent message{to, Acknowledge{seen->next_report - 1}};
    if (planted::has(planted::Bug::ack_before_sync)) {
        urgent.emplace_back(std::move(message));
    } else {
        outbox.push_back({appended, std::move(message)});
    }
}

// An agent may find its way to this reign only after the end, as when the last result was read from
// its spool: nobody else would tell it that there is nothing left to do.
void Reign::Live::send_home(IncarnationId who, std::span<const AgentMessage> messages) {
    // The next reign will hear it.
    if (presence.handing_over && presence.stopping == Stopping::no) return;
    const bool is_hello = std::any_of(messages.begin(), messages.end(), [](const auto& each) {
        return std::holds_alternative<AgentHello>(each);
    });
    if (!is_hello) return;
    const bool at_once = presence.stopping == Stopping::at_once;
    Leave leave{.reason = "the sweep is at rest", .at_once = at_once};
    outbox.push_back({
        appended, ToAgent{who, std::move(leave)}
    });
}

CoordinatorHeartbeat Reign::Live::heartbeat_for(const AgentState& agent, Now now) const {
    CoordinatorHeartbeat beat;
    // A local agent knows its end from its keeper, to the millisecond.
    if (state.plan().sweep().backend != BackendKind::slurm) return beat;
    const auto end = presence.allocation_ends.find(agent.allocation);
    if (end == presence.allocation_ends.end()) return beat;
    beat.allocation_left = std::max(end->second - now.boot, Millis{1});
    return beat;
}

void Reign::Live::send_heartbeats(Now now) {
    for (const std::uint32_t index : state.present_agents()) {
        const IncarnationId agent = state.agents()[index].incarnation;
        AgentPresence& seen = presence.agents[agent];
        if (!seen.greeted || now.boot < seen.next_heartbeat) continue;
        seen.next_heartbeat = now.boot + state.plan().sweep().tuning.heartbeat_every;
        urgent.emplace_back(ToAgent{agent, heartbeat_for(state.agents()[index], now)});
    }
}

}  // namespace xorch
