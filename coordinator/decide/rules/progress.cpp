// What follows from the state without anybody asking: canary waves, adoptions, notifications, and
// the pause of a sweep that cannot go on.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// Lines of output that a notification and the reason of a pause show.
constexpr std::size_t lines_shown = 20;

// Reading a result back takes moments; whoever did not hear that one is wanted is asked again.
constexpr Millis adoption_patience{10'000};

std::string last_lines(std::string_view text) {
    while (!text.empty() && text.back() == '\n')
        text.remove_suffix(1);
    std::size_t begin = text.size();
    for (std::size_t lines = 0; lines < lines_shown && begin > 0; ++lines) {
        const std::size_t newline = text.rfind('\n', begin - 1);
        begin = newline == std::string_view::npos ? 0 : newline;
    }
    if (begin > 0) ++begin;
    return std::string(text.substr(std::min(begin, text.size())));
}

std::string unit_name(const State& state, UnitKey unit) {
    return fmt::format("{}/{}", state.plan().stage(unit.stage).name, unit.index);
}

bool fails_alike(const Canary& a, const Canary& b) {
    return a.cause == b.cause && a.exit_code == b.exit_code && a.signal == b.signal &&
           a.message == b.message;
}

std::string explain_pause(const State& state, StageIndex stage) {
    const StageState& now = state.stage(stage);
    const Canary& canary = now.canaries.front();
    const std::string lines = last_lines(canary.tail);
    return fmt::format(
        "stage {}: {} units in a row failed alike: {} ({}).{}\nThe other {} units are untouched. "
        "Next: `xorch logs {}` shows all output; `xorch retry` tries again once the cause is "
        "mended.",
        state.plan().stage(stage).name,
        now.canaries.size(),
        canary.message,
        cause_name(canary.cause),
        lines.empty() ? "" : " Its last lines:\n" + lines,
        now.total() - now.in(UnitPhase::done)-now.in(UnitPhase::failed
                      )-now.in(UnitPhase::cancelled)-now.in(UnitPhase::hopeless),
        unit_name(state, {stage, canary.index})
    );
}

// How the canaries of a stage stand.
struct Wave {
    bool is_settled = true;  // each is good, or failed for good, or cancelled
    bool all_fail_alike = true;
    bool any_failed = false;
};

bool is_healthy(const State& state, const Presence& presence, UnitKey unit, Now now) {
    const UnitState& canary = state.unit(unit);
    if (canary.phase == UnitPhase::done || canary.checkpoint_attempt > 0) return true;
    const auto running = presence.running.find(unit);
    return running != presence.running.end() &&
           now.boot - running->second.since >= state.plan().sweep().tuning.canary_healthy;
}

Wave look_at_wave(const State& state, const Presence& presence, StageIndex stage, Now now) {
    Wave wave;
    const std::vector<Canary>& canaries = state.stage(stage).canaries;
    for (const Canary& canary : canaries) {
        const UnitKey unit{stage, canary.index};
        if (canary.failed) {
            wave.any_failed = true;
            wave.all_fail_alike = wave.all_fail_alike && fails_alike(canary, canaries.front());
        } else {
            wave.all_fail_alike = false;
            const bool is_gone = is_final(state.unit(unit).phase);
            const bool is_good = is_gone || is_healthy(state, presence, unit, now);
            wave.is_settled = wave.is_settled && is_good;
        }
    }
    return wave;
}

void watch_waves(const State& state, const Presence& presence, Now now, Effects& effects) {
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageIndex stage{s};
        const StageState& now_state = state.stage(stage);
        const bool is_open = now_state.wave < StageState::last_wave && !now_state.canaries.empty();
        if (!is_open || state.is_final(stage)) continue;
        const Wave wave = look_at_wave(state, presence, stage, now);
        if (!wave.is_settled) continue;
        // One unit that fails may have parameters that nobody else has; only a whole wave tells.
        const bool is_telling = now_state.wave > 0 && wave.any_failed && wave.all_fail_alike;
        if (!is_telling) {
            effects.facts.push_back(WaveOpened{stage, now_state.wave + 1});
        } else if (now_state.canaries.size() >= canaries_of_wave[now_state.wave] && !state.paused()) {
            effects.facts.push_back(SweepPaused{explain_pause(state, stage)});
            return;
        }
    }
}

void notify(std::string event, std::string text, Effects& effects) {
    effects.facts.push_back(NotificationSent{event, text});
    effects.messages.push_back(Notification{std::move(event), std::move(text)});
}

std::string summarise(const State& state) {
    std::uint32_t done = 0;
    std::uint32_t failed = 0;
    std::uint32_t cancelled = 0;
    std::uint32_t hopeless = 0;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        done += state.stage(StageIndex{s}).in(UnitPhase::done);
        failed += state.stage(StageIndex{s}).in(UnitPhase::failed);
        cancelled += state.stage(StageIndex{s}).in(UnitPhase::cancelled);
        hopeless += state.stage(StageIndex{s}).in(UnitPhase::hopeless);
    }
    std::string text = fmt::format("{} done, {} failed, {} cancelled", done, failed, cancelled);
    if (hopeless > 0) text += fmt::format(", {} hopeless", hopeless);
    return text;
}

void watch_notifications(const State& state, Effects& effects) {
    if (state.first_failure() && !state.notified("first_failure")) {
        const FirstFailure& first = *state.first_failure();
        const std::string text = fmt::format(
            "unit {} failed: {} ({})\n{}",
            unit_name(state, first.unit),
            first.message,
            cause_name(first.cause),
            last_lines(first.tail)
        );
        notify("first_failure", text, effects);
    }
    if (state.paused() && !state.notified("paused")) {
        notify("paused", state.pause_reason(), effects);
    }
    if (state.complete() && !state.notified("done")) notify("done", summarise(state), effects);
}

void watch_adoptions(const State& state, const Presence& presence, Now now, Effects& effects) {
    for (const UnitKey unit : state.adoptable()) {
        const auto asked = presence.adoption_asked.find(unit);
        const bool is_asked = asked != presence.adoption_asked.end();
        if (is_asked && now.boot - asked->second < adoption_patience) continue;
        const UnitKey same = *state.plan().same_unit(unit);
        effects.messages.push_back(AdoptionWanted{unit, same, state.unit(same).result});
    }
}

}  // namespace

Effects on_progress(const State& state, const Presence& presence, Now now) {
    Effects effects = watch_selections(state, presence);
    if (effects.facts.empty()) watch_waves(state, presence, now, effects);
    if (effects.facts.empty()) effects.append(watch_fit(state, presence, now));
    if (effects.facts.empty()) watch_notifications(state, effects);
    watch_adoptions(state, presence, now, effects);
    return effects;
}

std::optional<Millis> next_healthy_canary(const State& state, const Presence& presence) {
    std::optional<Millis> next;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        for (const Canary& canary : state.stage(StageIndex{s}).canaries) {
            const auto running = presence.running.find({StageIndex{s}, canary.index});
            if (running == presence.running.end()) continue;
            const Millis at = running->second.since + state.plan().sweep().tuning.canary_healthy;
            if (at <= presence.judged) continue;
            next = next ? std::min(*next, at) : at;
        }
    }
    return next;
}

}  // namespace xorch
