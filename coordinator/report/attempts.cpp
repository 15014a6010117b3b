#include "coordinator/report/attempts.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "coordinator/report/failures.h"
#include "coordinator/report/text.h"

namespace xorch {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

struct EndOfAttempt {
    UnitKey unit;
    AttemptNumber attempt;
    const AttemptEnd* end = nullptr;  // null: the fact is about no attempt's end
};

EndOfAttempt end_of_attempt(const Fact& fact) {
    if (const auto* finished = std::get_if<UnitFinished>(&fact)) {
        return {finished->unit, finished->attempt, &finished->end};
    }
    if (const auto* hopeless = std::get_if<UnitFoundHopeless>(&fact)) {
        return {hopeless->unit, hopeless->attempt, &hopeless->end};
    }
    if (const auto* back = std::get_if<UnitGivenBack>(&fact)) {
        return {back->unit, back->attempt, &back->end};
    }
    if (const auto* failed = std::get_if<UnitFailed>(&fact)) {
        return {failed->unit, failed->attempt, &failed->end};
    }
    return {};
}

bool contains(const std::vector<UnitRange>& ranges, UnitKey unit) {
    return std::any_of(ranges.begin(), ranges.end(), [unit](const UnitRange& range) {
        return xorch::contains(range, unit);
    });
}

std::string why_ended(const AttemptEnd& end) {
    std::string text(cause_name(end.cause));
    const std::string detail = describe_end(end);
    if (!detail.empty()) text += ": " + escape_for_terminal(detail);
    return text;
}

// "attempt 2", or how it began if not from nothing.
std::string describe_attempt(AttemptNumber attempt, const AttemptEnd& end) {
    return fmt::format(
        "attempt {}{}", attempt.value, end.resumed ? " (resumed from a checkpoint)" : ""
    );
}

// "n1", and on a cluster "n1 in allocation 2 (job 4711)".
std::string describe_place(const State& state, const AgentState& agent) {
    std::string place = escape_for_terminal(agent.node);
    const std::uint32_t number = agent.allocation.value;
    if (state.plan().sweep().backend != BackendKind::slurm) return place;
    if (number == 0 || number > state.allocations().size()) return place;
    const std::string& job = state.allocations()[number - 1].job;
    return fmt::format("{} in allocation {} (job {})", place, number, escape_for_terminal(job));
}

// "n1 (2 ranks), n2 (2 ranks)", in the order of ranks.
std::string describe_shares(const State& state, const std::vector<GangShare>& shares) {
    std::string text;
    for (const GangShare& share : shares) {
        const AgentState* agent = state.find_agent(share.agent);
        text += fmt::format(
            "{}{} ({})",
            text.empty() ? "" : ", ",
            agent == nullptr ? "a node" : describe_place(state, *agent),
            count_of(share.ranks, "rank")
        );
    }
    return text;
}

// Turns facts into the sentences of one unit's story.
class Story {
 public:
    Story(const SweepReader& sweep, UnitKey unit) : sweep_(sweep), unit_(unit) {}

    void hear(const FactBatch& batch) {
        for (const Fact& fact : batch.facts) {
            if (const auto* sealed = std::get_if<CheckpointSealed>(&fact)) {
                if (sealed->unit == unit_) on_checkpoint(batch.at_unix, *sealed);
                continue;
            }
            const std::string sentence = sentence_of(fact);
            if (sentence.empty()) continue;
            steps_.push_back({batch.at_unix, sentence});
            first_checkpoint_.reset();
        }
    }

    std::vector<StoryStep> take() { return std::move(steps_); }

 private:
    std::string sentence_of(const Fact& fact) const {
        return std::visit(
            Overloaded{
                [&](const UnitsAssigned& it) { return on_assigned(it); },
                [&](const UnitFinished& it) {
                    if (it.unit != unit_) return std::string();
                    return fmt::format(
                        "{} is done after {}{}{}",
                        describe_attempt(it.attempt, it.end),
                        spell_duration(it.end.ran),
                        it.end.message.empty() ? "" : ": ",
                        escape_for_terminal(it.end.message)
                    );
                },
                [&](const UnitAdopted& it) {
                    if (it.unit != unit_) return std::string();
                    return "its result is adopted from " + escape_for_terminal(it.from);
                },
                [&](const UnitGivenBack& it) {
                    if (it.unit != unit_) return std::string();
                    return fmt::format(
                        "{} ended, the unit goes on: {}",
                        describe_attempt(it.attempt, it.end),
                        why_ended(it.end)
                    );
                },
                [&](const UnitFailed& it) {
                    if (it.unit != unit_) return std::string();
                    return fmt::format(
                        "failed for good in {}: {}",
                        describe_attempt(it.attempt, it.end),
                        why_ended(it.end)
                    );
                },
                [&](const UnitFoundHopeless& it) {
                    if (it.unit != unit_) return std::string();
                    return fmt::format(
                        "given up in {} after {}: {}",
                        describe_attempt(it.attempt, it.end),
                        spell_duration(it.end.ran),
                        why_ended(it.end)
                    );
                },
                [&](const UnitsCancelled& it) {
                    return std::string(contains(it.ranges, unit_) ? "cancelled" : "");
                },
                [&](const UnitsRevived& it) {
                    return std::string(contains(it.ranges, unit_) ? "revived by retry" : "");
                },
                [&](const UnitReopened& it) {
                    return std::string(
                        it.unit == unit_ ? "opened again: its records lack something" : ""
                    );
                },
                [&](const SelectionDecided& it) { return on_selection(it); },
                [&](const ResultRefused& it) {
                    if (it.unit != unit_) return std::string();
                    return fmt::format(
                        "a result of attempt {} did not count: {}",
                        it.attempt.value,
                        escape_for_terminal(it.reason)
                    );
                },
                // Facts about the sweep and its nodes are in `xorch status`.
                [](const auto&) { return std::string(); }},
            fact
        );
    }

    std::string on_assigned(const UnitsAssigned& assigned) const {
        for (const AssignedUnit& unit : assigned.units) {
            if (unit.unit != unit_) continue;
            const AgentState* agent = sweep_.state().find_agent(assigned.incarnation);
            const std::string place =
                agent == nullptr ? "a node" : describe_place(sweep_.state(), *agent);
            return fmt::format(
                "attempt {} is given to {}{}",
                unit.attempt.value,
                assigned.gang.empty() ? place : describe_shares(sweep_.state(), assigned.gang),
                assigned.alone ? ", alone" : ""
            );
        }
        return "";
    }

    // Checkpoints in a row are one step: a long training has thousands.
    void on_checkpoint(Millis at_unix, const CheckpointSealed& sealed) {
        const bool is_first = !first_checkpoint_;
        if (is_first) first_checkpoint_ = sealed.sequence;
        std::string text =
            is_first ? fmt::format("checkpoint {} is sealed", sealed.sequence)
                     : fmt::format(
                           "checkpoints {} to {} are sealed", *first_checkpoint_, sealed.sequence
                       );
        if (sealed.step >= 0) {
            text += fmt::format("{} at step {}", is_first ? "" : ", the newest", sealed.step);
        }
        if (!is_first) steps_.pop_back();
        steps_.push_back({at_unix, std::move(text)});
    }

    std::string on_selection(const SelectionDecided& decided) const {
        const auto& chosen = decided.chosen;
        if (std::find(chosen.begin(), chosen.end(), unit_) == chosen.end()) return "";
        const auto& selects = sweep_.plan().sweep().selects;
        const bool known = decided.select < selects.size();
        return "chosen by selection " +
               (known ? escape_for_terminal(selects[decided.select].name) : "");
    }

    const SweepReader& sweep_;
    UnitKey unit_;
    std::vector<StoryStep> steps_;
    std::optional<std::uint64_t> first_checkpoint_;  // if the last step is about checkpoints
};

std::string describe_present(const SweepReader& sweep, UnitKey key) {
    const UnitState& unit = sweep.state().unit(key);
    std::string text(phase_name(unit.phase));
    if (unit.phase == UnitPhase::assigned) {
        const AgentState& agent = sweep.state().agents()[unit.agent];
        const auto gang = sweep.state().gangs().find(key);
        text += fmt::format(
            ": attempt {} is with {}",
            unit.attempt,
            gang == sweep.state().gangs().end() ? describe_place(sweep.state(), agent)
                                                : describe_shares(sweep.state(), gang->second)
        );
    }
    if (unit.phase == UnitPhase::hopeless) {
        text += unit.cause == Cause::upstream
                    ? ": the units that it needs of a stage are hopeless, all of them"
                    : ": a [[stop]] rule holds; no retry runs it again, a changed sweep may";
    }
    if (unit.phase == UnitPhase::failed) text += fmt::format(" ({})", cause_name(unit.cause));
    if (unit.phase == UnitPhase::waiting) {
        std::uint64_t open = 0;
        for (const InputGroup& group : sweep.plan().inputs(key)) {
            for (const std::uint32_t index : group.indices) {
                if (!is_final(sweep.state().unit({group.stage, index}).phase)) ++open;
            }
        }
        text += fmt::format(", {} of its inputs not final", open);
    }
    if (unit.phase == UnitPhase::ready && sweep.state().paused()) {
        text += ", held back: the sweep is paused: " +
                escape_for_terminal(sweep.state().pause_reason());
    }
    return text;
}

}  // namespace

Result<std::vector<EndedAttempt>> read_attempts(
    const SweepReader& sweep, const std::set<UnitKey>& units, std::size_t newest_max
) {
    std::deque<EndedAttempt> attempts;
    const auto visit = [&](const FactBatch& batch, FactLocation) -> Result<void> {
        for (const Fact& fact : batch.facts) {
            const EndOfAttempt ended = end_of_attempt(fact);
            if (ended.end == nullptr) continue;
            if (!units.empty() && !units.contains(ended.unit)) continue;
            attempts.push_back({ended.unit, ended.attempt, *ended.end});
            attempts.back().end.rows.clear();
            if (units.empty() && attempts.size() > newest_max) attempts.pop_front();
        }
        return {};
    };
    const auto end = replay_journal(sweep.disk(), sweep.layout().journal(), visit);
    if (!end) return tl::unexpected(end.error());
    return std::vector<EndedAttempt>(attempts.begin(), attempts.end());
}

Result<ToldStory> tell_story(const SweepReader& sweep, UnitKey unit) {
    Story story(sweep, unit);
    const auto visit = [&](const FactBatch& batch, FactLocation) -> Result<void> {
        story.hear(batch);
        return {};
    };
    const auto end = replay_journal(sweep.disk(), sweep.layout().journal(), visit);
    if (!end) return tl::unexpected(end.error());
    return ToldStory{
        name_unit(sweep.plan(), unit),
        story.take(),
        sweep.state().unit(unit).phase,
        describe_present(sweep, unit)};
}

std::vector<std::string> story_lines(const ToldStory& story) {
    std::vector<std::string> lines{fmt::format(
        "{}  {}  {}",
        escape_for_terminal(story.name.place),
        story.name.id,
        escape_for_terminal(story.name.values)
    )};
    for (const StoryStep& step : story.steps)
        lines.push_back(fmt::format("  {}  {}", format_utc(step.at_unix), step.text));
    lines.push_back("  now: " + story.present);
    return lines;
}

}  // namespace xorch
