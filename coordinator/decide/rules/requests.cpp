// What people ask for. A command takes effect with the facts of the batch that holds its
// RequestDone; a request that says nothing valid is answered at once and leaves no trace.
//
// Arguments name units: {"stages": ["train"], "units": ["train/3"], "ranges": [{"stage": "train",
// "first": 0, "count": 10}]}; none of them = all units.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "coordinator/decide/rules/rules.h"
#include "core/json.h"

namespace xorch {

namespace {

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::usage, std::move(message));
}

Result<StageIndex> find_stage_named(const State& state, std::string_view name) {
    const auto stage = find_stage(state.plan().sweep(), name);
    if (!stage) return refuse(fmt::format("the sweep has no stage \"{}\"", name));
    return StageIndex{*stage};
}

Result<UnitRange> whole_stage(const State& state, std::string_view name) {
    const auto stage = find_stage_named(state, name);
    if (!stage) return tl::unexpected(stage.error());
    return UnitRange{*stage, 0, state.plan().unit_count(*stage)};
}

Result<UnitRange> within(const State& state, UnitRange range) {
    const std::uint32_t units = state.plan().unit_count(range.stage);
    if (range.first <= units && range.count <= units - range.first) return range;
    return refuse(fmt::format(
        "stage \"{}\" has {} units, numbered from 0", state.plan().stage(range.stage).name, units
    ));
}

Result<UnitRange> parse_unit(const State& state, std::string_view text) {
    const std::size_t slash = text.rfind('/');
    std::uint32_t index = 0;
    const char* end = text.data() + text.size();
    const char* begin = slash == std::string_view::npos ? end : text.data() + slash + 1;
    const auto [stop, error] = std::from_chars(begin, end, index);
    if (begin == end || error != std::errc{} || stop != end) {
        return refuse(fmt::format("\"{}\" names no unit; write STAGE/NUMBER", text));
    }
    const auto stage = find_stage_named(state, text.substr(0, slash));
    if (!stage) return tl::unexpected(stage.error());
    return within(state, {*stage, index, 1});
}

Result<UnitRange> parse_range(const State& state, const Value& value) {
    const auto number = [&](std::string_view name) -> std::optional<std::uint32_t> {
        const Value* member = value.find(name);
        const auto* integer = member == nullptr ? nullptr : member->get_if<std::int64_t>();
        if (integer == nullptr || *integer < 0 || *integer > 0xffff'ffffLL) return std::nullopt;
        return static_cast<std::uint32_t>(*integer);
    };
    const Value* name = value.find("stage");
    const auto* text = name == nullptr ? nullptr : name->get_if<std::string>();
    const auto first = number("first");
    const auto count = number("count");
    if (text == nullptr || !first || !count) {
        return refuse("a range has \"stage\", \"first\" and \"count\"");
    }
    const auto stage = find_stage_named(state, *text);
    if (!stage) return tl::unexpected(stage.error());
    return within(state, {*stage, *first, *count});
}

// The units that the arguments name; all if they name none.
Result<std::vector<UnitRange>> parse_units(const State& state, const Value& arguments) {
    std::vector<UnitRange> ranges;
    bool names_any = false;
    for (const std::string_view key : {"stages", "units", "ranges"}) {
        const Value* member = arguments.find(key);
        if (member == nullptr) continue;
        const auto* items = member->get_if<Array>();
        if (items == nullptr) return refuse(fmt::format("\"{}\" is no array", key));
        names_any = true;
        for (const Value& item : *items) {
            const auto* text = item.get_if<std::string>();
            if (key != "ranges" && text == nullptr) {
                return refuse(fmt::format("\"{}\" holds something else than names", key));
            }
            auto range = key == "stages"  ? whole_stage(state, *text)
                         : key == "units" ? parse_unit(state, *text)
                                          : parse_range(state, item);
            if (!range) return tl::unexpected(range.error());
            ranges.push_back(*range);
        }
    }
    if (names_any) return ranges;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s)
        ranges.push_back({StageIndex{s}, 0, state.plan().unit_count(StageIndex{s})});
    return ranges;
}

template <class Visit>
void for_each_unit(const State& state, const std::vector<UnitRange>& ranges, Visit visit) {
    for (const auto& [stage, first, count] : ranges) {
        for (std::uint32_t i = 0; i < count; ++i)
            visit(UnitKey{stage, first + i}, state.unit({stage, first + i}));
    }
}

Value count_value(std::uint64_t count) {
    return Value(static_cast<std::int64_t>(count));
}

// The command took effect: its reply is a fact of the same batch.
Effects done(const ClientRequest& request, Effects effects, Object reply) {
    std::string text = format_json(Value(std::move(reply)));
    effects.facts.push_back(RequestDone{request.id, text});
    effects.messages.push_back(ClientReply{request.id, true, std::move(text)});
    return effects;
}

Effects refused(const ClientRequest& request, std::string message) {
    Effects effects;
    effects.messages.push_back(ClientReply{request.id, false, std::move(message)});
    return effects;
}

Effects cancel(const State& state, const ClientRequest& request, std::vector<UnitRange> ranges) {
    Effects effects;
    std::uint64_t cancelled = 0;
    for_each_unit(state, ranges, [&](UnitKey key, const UnitState& unit) {
        if (is_final(unit.phase)) return;
        ++cancelled;
        if (unit.phase != UnitPhase::assigned) return;
        StopAttempt stop{
            .unit = key,
            .attempt = AttemptNumber{unit.attempt},
            .cause = Cause::cancelled,
            .at_once = false};
        effects.messages.push_back(ToAgent{state.agents()[unit.agent].incarnation, stop});
    });
    if (cancelled > 0) effects.facts.push_back(UnitsCancelled{std::move(ranges)});
    return done(
        request,
        std::move(effects),
        {
            {"cancelled", count_value(cancelled)}
    }
    );
}

Effects retry(const State& state, const ClientRequest& request, std::vector<UnitRange> ranges) {
    Effects effects;
    std::uint64_t revived = 0;
    for_each_unit(state, ranges, [&](UnitKey, const UnitState& unit) {
        if (unit.phase == UnitPhase::failed || unit.phase == UnitPhase::cancelled) ++revived;
    });
    if (revived > 0) effects.facts.push_back(UnitsRevived{std::move(ranges)});
    const bool goes_on = state.paused() || !state.blamed_nodes().empty();
    if (goes_on) effects.facts.push_back(SweepContinued{});
    return done(
        request,
        std::move(effects),
        {
            {"revived",   count_value(revived) },
            {"continued", Value(state.paused())}
    }
    );
}

Effects reopen(const State& state, const ClientRequest& request, std::vector<UnitReopened> units) {
    Effects effects;
    const std::uint64_t reopened = units.size();
    for (UnitReopened& unit : units)
        effects.facts.emplace_back(std::move(unit));
    if (state.paused()) effects.facts.push_back(SweepContinued{});
    return done(
        request,
        std::move(effects),
        {
            {"reopened", count_value(reopened)}
    }
    );
}

// Whoever continues after failed canaries has seen them: the next wave opens.
Effects continue_sweep(const State& state, const ClientRequest& request) {
    Effects effects;
    if (state.paused()) {
        effects.facts.push_back(SweepContinued{});
        for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
            const StageState& stage = state.stage(StageIndex{s});
            const auto failed = [](const Canary& canary) { return canary.failed; };
            const bool is_stuck = stage.wave < StageState::last_wave && !stage.canaries.empty() &&
                                  std::all_of(stage.canaries.begin(), stage.canaries.end(), failed);
            if (is_stuck) effects.facts.push_back(WaveOpened{StageIndex{s}, stage.wave + 1});
        }
    }
    return done(
        request,
        std::move(effects),
        {
            {"continued", Value(state.paused())}
    }
    );
}

Effects pause(const State& state, const ClientRequest& request) {
    Effects effects;
    if (!state.paused()) {
        effects.facts.push_back(SweepPaused{"paused on request; `xorch continue` goes on"});
    }
    return done(
        request,
        std::move(effects),
        {
            {"paused", Value(true)}
    }
    );
}

// Answered from memory and forgotten: no fact.
Effects status(const State& state, const Presence& presence, const ClientRequest& request) {
    Array stages;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageState& stage = state.stage(StageIndex{s});
        Object counts{
            {"name", Value(state.plan().stage(StageIndex{s}).name)}
        };
        counts.emplace_back("total", count_value(stage.total()));
        for (std::size_t phase = 0; phase < stage.counts.size(); ++phase) {
            const auto name = phase_name(static_cast<UnitPhase>(phase));
            counts.emplace_back(std::string(name), count_value(stage.counts[phase]));
        }
        stages.emplace_back(std::move(counts));
    }
    Object reply{
        {"epoch", count_value(presence.epoch.value)}
    };
    reply.emplace_back("paused", Value(state.paused()));
    if (state.paused()) reply.emplace_back("pause_reason", Value(state.pause_reason()));
    reply.emplace_back("complete", Value(state.complete()));
    reply.emplace_back("agents", count_value(state.present_agents().size()));
    reply.emplace_back("running", count_value(presence.running.size()));
    reply.emplace_back("stages", Value(std::move(stages)));
    Effects effects;
    effects.messages.push_back(ClientReply{request.id, true, format_json(Value(std::move(reply)))});
    return effects;
}

// Arguments: {"gate": "eyes", "refuse": true, "note": "blurred"}.
Effects approve(const State& state, const ClientRequest& request) {
    const auto arguments = parse_json(request.arguments.empty() ? "{}" : request.arguments);
    if (!arguments) return refused(request, arguments.error().message);
    GateJudgement judgement;
    const auto text = [&](std::string_view key) {
        const Value* value = arguments->find(key);
        const auto* words = value == nullptr ? nullptr : value->get_if<std::string>();
        return words == nullptr ? std::string() : *words;
    };
    judgement.gate = text("gate");
    judgement.note = text("note");
    const Value* flag = arguments->find("refuse");
    judgement.refuses = flag != nullptr && *flag == Value(true);
    auto effects = judge_gate(state, judgement);
    if (!effects) return refused(request, effects.error().message);
    Object reply{
        {"gate",     Value(judgement.gate)    },
        {"approved", Value(!judgement.refuses)}
    };
    const auto& decided = std::get<SelectionDecided>(effects->facts.front());
    reply.emplace_back("chosen", count_value(decided.chosen.size()));
    reply.emplace_back("explanation", Value(decided.explanation));
    return done(request, *std::move(effects), std::move(reply));
}

}  // namespace

bool wants_stop_at_once(const ClientRequest& request) {
    const auto arguments = parse_json(request.arguments.empty() ? "{}" : request.arguments);
    const Value* flag = arguments ? arguments->find("at_once") : nullptr;
    const bool* at_once = flag == nullptr ? nullptr : flag->get_if<bool>();
    return at_once != nullptr && *at_once;
}

Effects on_request(const State& state, const Presence& presence, const ClientRequest& request) {
    if (const std::string* reply = state.reply_to(request.id)) {
        Effects effects;
        effects.messages.push_back(ClientReply{request.id, true, *reply});
        return effects;
    }
    if (request.verb == "status") return status(state, presence, request);
    if (request.verb == "pause") return pause(state, request);
    if (request.verb == "continue") return continue_sweep(state, request);
    if (request.verb == "approve") return approve(state, request);
    if (request.verb == "stop") {
        return done(
            request,
            {
        },
            {{"stopping", Value(true)}}
        );
    }
    if (request.verb != "cancel" && request.verb != "retry" && request.verb != "reopen") {
        return refused(request, fmt::format("no such command: {}", request.verb));
    }
    const auto arguments = parse_json(request.arguments.empty() ? "{}" : request.arguments);
    if (!arguments) return refused(request, arguments.error().message);
    if (request.verb == "reopen") {
        auto units = parse_reopening(state, *arguments);
        return units ? reopen(state, request, *std::move(units))
                     : refused(request, units.error().message);
    }
    auto ranges = parse_units(state, *arguments);
    if (!ranges) return refused(request, ranges.error().message);
    return request.verb == "cancel" ? cancel(state, request, std::move(*ranges))
                                    : retry(state, request, std::move(*ranges));
}

}  // namespace xorch
