// Snapshots: what facts said, not what follows from it. Links between units, indices and counters
// are made again from the plan, which also shows that they follow. Units that nothing happened to
// are only counted.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "coordinator/decide/state/content.h"
#include "core/json.h"

namespace xorch {

namespace {

bool is_object(const Value& value) {
    return value.get_if<Object>() != nullptr;
}

constexpr std::uint64_t format_version = 5;

tl::unexpected<Error> unusable(std::string_view why) {
    return fail(ErrorCode::corrupted, fmt::format("snapshot: {}", why));
}

// Nothing happened to it yet: it waits or is ready, which follows from its inputs.
bool is_untouched(const UnitState& unit, std::uint32_t attempts_used) {
    UnitState plain{.phase = unit.phase, .attempt = attempts_used};
    plain.unmet_inputs = unit.unmet_inputs;
    return unit == plain && (unit.phase == UnitPhase::waiting || unit.phase == UnitPhase::ready);
}

template <class Number>
Number get(ByteReader& in) {
    return static_cast<Number>(in.number());
}

void put_unit(ByteWriter& out, const UnitState& unit) {
    const auto packed = static_cast<std::uint64_t>(unit.phase) |
                        static_cast<std::uint64_t>(unit.cause) << 3U |
                        static_cast<std::uint64_t>(unit.waits_for_twin) << 8U;
    out.number(packed);
    const bool plain = unit.own_failures == 0 && unit.agent_deaths == 0 &&
                       unit.stalled_stops == 0 && unit.checkpoint_attempt == 0;
    out.number(plain ? 1 : 0);
    out.number(unit.agent);
    out.number(unit.attempt);
    out.number(unit.ran_ms);
    out.number(unit.result.segment);
    out.number(unit.result.fact);
    out.number(unit.result.offset);
    out.number(unit.rows_hash);
    if (plain) return;
    out.number(unit.own_failures);
    out.number(unit.agent_deaths);
    out.number(unit.stalled_stops);
    out.number(static_cast<std::uint64_t>(unit.checkpoint_step + 1));
    out.number(unit.checkpoint_attempt);
    out.number(unit.checkpoint_sequence);
}

UnitState get_unit(ByteReader& in) {
    UnitState unit;
    const std::uint64_t packed = in.number();
    unit.phase = static_cast<UnitPhase>(std::min<std::uint64_t>(packed & 7U, unit_phase_count - 1));
    unit.cause = static_cast<Cause>((packed >> 3U) & 31U);
    unit.waits_for_twin = ((packed >> 8U) & 1U) != 0;
    const bool plain = in.number() == 1;
    unit.agent = get<std::uint32_t>(in);
    unit.attempt = get<std::uint32_t>(in);
    unit.ran_ms = in.number();
    unit.result.segment = get<std::uint32_t>(in);
    unit.result.fact = get<std::uint32_t>(in);
    unit.result.offset = in.number();
    unit.rows_hash = in.number();
    if (plain) return unit;
    unit.own_failures = get<std::uint16_t>(in);
    unit.agent_deaths = get<std::uint8_t>(in);
    unit.stalled_stops = get<std::uint8_t>(in);
    unit.checkpoint_step = static_cast<std::int64_t>(in.number()) - 1;
    unit.checkpoint_attempt = get<std::uint32_t>(in);
    unit.checkpoint_sequence = get<std::uint32_t>(in);
    return unit;
}

void put_canary(ByteWriter& out, const Canary& canary) {
    out.number(canary.index);
    out.number(canary.failed ? 1 : 0);
    out.number(static_cast<std::uint64_t>(canary.cause));
    out.text(std::to_string(canary.exit_code));
    out.number(static_cast<std::uint64_t>(canary.signal));
    out.text(canary.message);
    out.text(canary.tail);
}

Canary get_canary(ByteReader& in) {
    Canary canary;
    canary.index = get<std::uint32_t>(in);
    canary.failed = in.number() == 1;
    canary.cause = static_cast<Cause>(in.number());
    canary.exit_code = std::atoi(in.text().c_str());
    canary.signal = get<int>(in);
    canary.message = in.text();
    canary.tail = in.text();
    return canary;
}

}  // namespace

std::string State::save() const {
    ByteWriter out;
    out.number(format_version);
    for (const SelectState& select : content_->selects) {
        out.number(
            (select.decided ? 1U : 0U) | (select.stale ? 2U : 0U) | (select.refused ? 4U : 0U)
        );
        out.number(select.chosen.size());
        for (const UnitKey unit : select.chosen)
            out.unit(unit);
        out.text(select.explanation);
    }
    for (const StageContent& stage : content_->stages)
        content_->save_units(out, stage);
    content_->save_agents(out);
    content_->save_gangs(out);
    content_->save_rest(out);
    return out.finish();
}

void State::Content::save_units(ByteWriter& out, const StageContent& stage) const {
    out.number(stage.state.wave);
    out.number(stage.state.canaries.size());
    for (const Canary& canary : stage.state.canaries)
        put_canary(out, canary);
    out.number(stage.attempts_used);
    out.number(stage.units.size());
    std::uint64_t untouched = 0;
    for (std::size_t i = 0; i < stage.units.size(); ++i) {
        if (is_untouched(stage.units[i], stage.attempts_used)) {
            ++untouched;
            continue;
        }
        out.number(untouched);
        untouched = 0;
        put_unit(out, stage.units[i]);
        if (!stage.readers.empty()) out.text(format_json(Value(stage.metrics[i])));
    }
    if (untouched > 0) out.number(untouched);
}

void State::Content::save_agents(ByteWriter& out) const {
    out.number(agents.size());
    for (const AgentState& agent : agents) {
        out.number(agent.incarnation.value);
        out.number(agent.allocation.value);
        out.text(agent.node);
        out.number(agent.capacity.cpus);
        out.number(agent.capacity.gpus);
        out.number(agent.capacity.memory.value);
        out.number((agent.gone ? 1U : 0U) | (agent.runs_alone ? 2U : 0U));
        out.number(agent.holding.size());
        for (const UnitKey unit : agent.holding)
            out.unit(unit);
    }
    out.number(present.size());
    for (const std::uint32_t index : present)
        out.number(index);
    out.number(allocations.size());
    for (const AllocationState& allocation : allocations) {
        out.text(allocation.token);
        out.text(allocation.job);
        out.number(static_cast<std::uint64_t>(allocation.end_unix.count()));
        out.number(static_cast<std::uint64_t>(allocation.began_unix.count()));
        out.number(allocation.lane);
        out.number(allocation.after.value);
        out.number(
            (allocation.submitted ? 1U : 0U) | (allocation.started ? 2U : 0U) |
            (allocation.ended ? 4U : 0U)
        );
    }
}

void State::Content::save_rest(ByteWriter& out) const {
    out.number(barren);
    out.text(refused_for_good);
    out.number(paused ? 1 : 0);
    out.text(paused.value_or(""));
    out.number(first_failure ? 1 : 0);
    if (first_failure) {
        out.unit(first_failure->unit);
        out.number(static_cast<std::uint64_t>(first_failure->cause));
        out.text(first_failure->message);
        out.text(first_failure->tail);
    }
    out.number(blamed.size());
    for (const auto& [node, reason] : blamed) {
        out.text(node);
        out.text(reason);
    }
    out.number(trouble.size());
    for (const auto& [node, known] : trouble) {
        out.text(node);
        out.number(known.failures);
        out.number(known.elsewhere);
    }
    out.number(second_opinions.size());
    for (const auto& [unit, node] : second_opinions) {
        out.unit(unit);
        out.text(node);
    }
    out.number(notified.size());
    for (const std::string& event : notified)
        out.text(event);
    out.number(standing.size());
    for (const auto& [unit, rows] : standing) {
        out.unit(unit);
        out.text(rows);
    }
    const std::map<std::string, std::string> sorted(replies.begin(), replies.end());
    out.number(sorted.size());
    for (const auto& [request, reply] : sorted) {
        out.text(request);
        out.text(reply);
    }
}

Result<State> State::load(Plan plan, std::string_view bytes) {
    ByteReader in(bytes);
    if (!in.ok()) return unusable("damaged");
    if (in.number() != format_version) return unusable("of another version");
    State state(std::move(plan));
    Content& content = *state.content_;
    if (auto promoted = content.load_selects(in); !promoted) {
        return tl::unexpected(promoted.error());
    }
    for (std::uint32_t s = 0; s < content.stages.size(); ++s)
        content.load_units(in, StageIndex{s});
    content.load_agents(in);
    content.load_gangs(in);
    content.load_rest(in);
    if (!in.at_end()) return unusable("of another sweep");
    content.index_loaded();
    if (auto sound = state.check_invariants(); !sound) {
        return fail_with_context(sound.error(), "snapshot");
    }
    return state;
}

// The plan grows as it grew live: a selection from a stage that another one fills comes after it.
Result<void> State::Content::load_selects(ByteReader& in) {
    for (std::uint32_t s = 0; s < selects.size(); ++s) {
        SelectState& select = selects[s];
        const std::uint64_t flags = in.number();
        select.decided = (flags & 1U) != 0;
        select.stale = (flags & 2U) != 0;
        select.refused = (flags & 4U) != 0;
        select.chosen.resize(in.count());
        for (UnitKey& unit : select.chosen)
            unit = in.unit();
        select.explanation = in.text();
        const std::uint32_t from = *find_stage(plan.sweep(), plan.sweep().selects[s].from);
        const bool was_filled = !plan.is_expanded(StageIndex{from});
        // What was chosen from units that are replaced now cannot be chosen again.
        if (select.stale && was_filled) return unusable("taken while a selection was stale");
    }
    std::vector<bool> promoted(selects.size(), false);
    for (bool more = true; more;) {
        more = false;
        for (std::uint32_t s = 0; s < selects.size(); ++s) {
            const StageIndex from{*find_stage(plan.sweep(), plan.sweep().selects[s].from)};
            if (promoted[s] || !selects[s].decided || !plan.is_expanded(from)) continue;
            if (auto done = plan.promote(s, selects[s].chosen); !done) return done;
            promoted[s] = true;
            more = true;
        }
    }
    return {};
}

void State::Content::load_units(ByteReader& in, StageIndex stage) {
    StageContent& content = stages[stage.value];
    const auto wave = get<std::uint32_t>(in);
    std::vector<Canary> canaries(in.count());
    for (Canary& canary : canaries)
        canary = get_canary(in);
    content.attempts_used = get<std::uint32_t>(in);
    clear_stage(stage);
    content.state.wave = std::min(wave, StageState::last_wave);
    content.state.canaries = std::move(canaries);
    const std::uint64_t count = in.number();
    if (count != content.units.size()) return in.reject();
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t untouched = in.number();
        if (!in.ok() || untouched >= count - i) break;
        i += untouched;
        content.units[i] = get_unit(in);
        if (content.readers.empty()) continue;
        const auto metrics = parse_json(in.text());
        const Array* read = metrics ? metrics->get_if<Array>() : nullptr;
        const bool is_sound = read != nullptr && std::all_of(read->begin(), read->end(), is_object);
        if (!is_sound) return in.reject();
        content.metrics[i] = *read;
    }
}

void State::Content::load_agents(ByteReader& in) {
    agents.resize(in.count());
    for (std::uint32_t a = 0; a < agents.size(); ++a) {
        AgentState& agent = agents[a];
        agent.incarnation.value = in.number();
        agent.allocation.value = get<std::uint32_t>(in);
        agent.node = in.text();
        agent.capacity.cpus = get<std::uint32_t>(in);
        agent.capacity.gpus = get<std::uint32_t>(in);
        agent.capacity.memory.value = in.number();
        const std::uint64_t flags = in.number();
        agent.gone = (flags & 1U) != 0;
        agent.runs_alone = (flags & 2U) != 0;
        agent.holding.resize(in.count());
        for (UnitKey& unit : agent.holding)
            unit = in.unit();
        agent_index.emplace(agent.incarnation, a);
    }
    present.resize(in.count());
    for (std::uint32_t& index : present)
        index = get<std::uint32_t>(in);
    allocations.resize(in.count());
    for (std::uint32_t a = 0; a < allocations.size(); ++a) {
        AllocationState& allocation = allocations[a];
        allocation.allocation.value = a + 1;
        allocation.token = in.text();
        allocation.job = in.text();
        allocation.end_unix = Millis{get<std::int64_t>(in)};
        allocation.began_unix = Millis{get<std::int64_t>(in)};
        allocation.lane = get<std::uint32_t>(in);
        allocation.after.value = get<std::uint32_t>(in);
        const std::uint64_t flags = in.number();
        allocation.submitted = (flags & 1U) != 0;
        allocation.started = (flags & 2U) != 0;
        allocation.ended = (flags & 4U) != 0;
    }
}

void State::Content::load_rest(ByteReader& in) {
    barren = get<std::uint32_t>(in);
    refused_for_good = in.text();
    const bool is_paused = in.number() == 1;
    const std::string reason = in.text();
    if (is_paused) paused = reason;
    if (in.number() == 1) {
        first_failure.emplace().unit = in.unit();
        first_failure->cause = static_cast<Cause>(in.number());
        first_failure->message = in.text();
        first_failure->tail = in.text();
    }
    for (std::size_t n = in.count(); n > 0; --n) {
        const std::string node = in.text();
        blamed.emplace(node, in.text());
    }
    for (std::size_t n = in.count(); n > 0; --n) {
        NodeTrouble& known = trouble[in.text()];
        known.failures = get<std::uint32_t>(in);
        known.elsewhere = get<std::uint32_t>(in);
    }
    for (std::size_t n = in.count(); n > 0; --n) {
        const UnitKey unit = in.unit();
        second_opinions.emplace(unit, in.text());
    }
    for (std::size_t n = in.count(); n > 0; --n)
        notified.insert(in.text());
    for (std::size_t n = in.count(); n > 0; --n) {
        const UnitKey unit = in.unit();
        standing.emplace(unit, in.text());
    }
    for (std::size_t n = in.count(); n > 0; --n) {
        const std::string request = in.text();
        replies.emplace(request, in.text());
    }
}

// Everything that follows from what was read.
void State::Content::index_loaded() {
    alone.clear();
    for (AgentState& agent : agents) {
        agent.load.assign(stages.size(), 0);
        for (const UnitKey unit : agent.holding) {
            const bool is_single = unit.stage.value < stages.size() && !gangs.contains(unit);
            if (is_single) ++agent.load[unit.stage.value];
        }
    }
    index_gangs();
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        StageContent& stage = stages[s];
        stage.state.counts = {};
        for (std::uint32_t i = 0; i < stage.units.size(); ++i) {
            ++stage.state.counts[static_cast<std::size_t>(stage.units[i].phase)];
            if (stage.units[i].phase == UnitPhase::ready) enlist({StageIndex{s}, i});
        }
        link_needs(StageIndex{s});
    }
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (std::uint32_t i = 0; i < stages[s].units.size(); ++i) {
            UnitState& unit = stages[s].units[i];
            // Of another sweep if this holds; check_invariants() would say it less clearly.
            const bool has_twin = plan.same_unit({StageIndex{s}, i}).has_value();
            unit.waits_for_twin = unit.waits_for_twin && has_twin;
        }
    }
    index_twins();
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (std::uint32_t i = 0; i < stages[s].units.size(); ++i)
            settle_waiting({StageIndex{s}, i});
    }
}

}  // namespace xorch
