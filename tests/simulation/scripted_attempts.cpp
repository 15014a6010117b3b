#include "tests/simulation/scripted_attempts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "core/stop_rule.h"
#include "core/unit_input.h"
#include "worker/checkpoint_store.h"

namespace xorch::simulation {

namespace {

constexpr const char* state_file = "state";
constexpr std::size_t kept_checkpoints = 2;

constexpr Millis sees_rows_within{2'000};

// So long ranks wait for one that is gone.
constexpr Millis hung_collective{30'000};

std::string name_of(const Assignment& assignment) {
    return fmt::format(
        "{}/{} attempt {}",
        assignment.unit.stage.value,
        assignment.unit.index,
        assignment.attempt.value
    );
}

}  // namespace

ScriptedAttempts::ScriptedAttempts(
    AttemptsWorld world, Dice dice, std::function<void(AttemptNews)> report
)
    : world_(std::move(world)), dice_(dice), report_(std::move(report)) {}

void ScriptedAttempts::carry_out(Now now, const AttemptOrder& order) {
    if (const auto* begin = std::get_if<StartAttempt>(&order)) {
        start(now, *begin);
    } else if (const auto* end = std::get_if<EndAttempt>(&order)) {
        stop(*end);
    }
}

std::optional<Millis> ScriptedAttempts::oldest_superseded() const {
    std::optional<Millis> oldest;
    for (const auto& [key, attempt] : attempts_) {
        if (!attempt.superseded) continue;
        oldest = std::min(oldest.value_or(*attempt.superseded), *attempt.superseded);
    }
    return oldest;
}

void ScriptedAttempts::start(Now now, const StartAttempt& order) {
    const Key key{order.assignment.unit, order.assignment.attempt};
    Attempt attempt;
    attempt.assignment = order.assignment;
    attempt.script =
        script_of(world_.scenario, order.assignment.id, order.assignment.unit.stage.value);
    attempt.started = world_.timeline.now();
    attempt.started_unix = now.unix;
    check_start(attempt);
    resume(attempt);
    world_.timeline.note(fmt::format(
        "{} starts {} at step {}", world_.name, name_of(attempt.assignment), attempt.step
    ));
    attempts_.insert_or_assign(key, std::move(attempt));
    if (world_.disk.dead()) return;
    report_(AttemptRunning{.unit = key.first, .attempt = key.second, .pid = 1});
    run_on(key);
}

void ScriptedAttempts::check_start(const Attempt& attempt) {
    const Assignment& assignment = attempt.assignment;
    UnitStory& story = world_.history.story(assignment.id);
    if (story.seen && story.seed != assignment.seed) {
        world_.history.violate("I12: the seed of " + name_of(assignment) + " changed");
    }
    story.seen = true;
    story.seed = assignment.seed;
    ++story.started;

    check_inputs(assignment);
    if ((assignment.alone && world_.ranks.any_on(world_.host)) ||
        world_.ranks.any_alone_on(world_.host)) {
        world_.history.violate(
            "I9: " + name_of(assignment) + " is beside ranks, or they beside it"
        );
    }
    for (const auto& [key, other] : attempts_) {
        if (other.assignment.alone || assignment.alone) {
            world_.history.violate("I9: " + name_of(assignment) + " is not alone on its node");
        }
        if (other.assignment.id == assignment.id) {
            world_.history.violate("I8: two attempts at once on one node: " + name_of(assignment));
        }
    }
    const std::uint32_t used = cpus() + world_.ranks.cpus_on(world_.host) + cpus_of(assignment);
    if (used > world_.scenario.capacity.cpus) {
        world_.history.violate(
            fmt::format("I9: {} CPUs in use when {} starts", used, name_of(assignment))
        );
    }
    world_.ranks.start(assignment);
}

// Each stage that it needs gave it something to work on, and what is hopeless gave nothing.
void ScriptedAttempts::check_inputs(const Assignment& assignment) {
    const auto inputs = parse_unit_inputs(assignment.inputs);
    if (!inputs) {
        world_.history.violate("the inputs of " + name_of(assignment) + " cannot be read");
        return;
    }
    std::set<std::string> fed;
    for (const UnitInput& input : *inputs) {
        if (!input.hopeless) fed.insert(input.stage);
        if (input.hopeless != input.records.empty()) {
            world_.history.violate("I2: " + name_of(assignment) + " gets an input without records");
        }
    }
    const Stage& stage = world_.scenario.sweep.stages[assignment.unit.stage.value];
    for (const std::string& need : stage.needs) {
        if (fed.contains(need)) continue;
        world_.history.violate("I3: " + name_of(assignment) + " runs on nothing of " + need);
    }
}

std::uint32_t ScriptedAttempts::cpus_of(const Assignment& assignment) const {
    const std::uint32_t ranks = assignment.hosts.empty() ? 1 : assignment.hosts.front().ranks;
    return ranks * world_.scenario.sweep.stages[assignment.unit.stage.value].resources.cpus;
}

std::uint32_t ScriptedAttempts::cpus() const {
    std::uint32_t sum = 0;
    for (const auto& [key, attempt] : attempts_)
        sum += cpus_of(attempt.assignment);
    return sum;
}

void ScriptedAttempts::resume(Attempt& attempt) {
    const Assignment& assignment = attempt.assignment;
    attempt.state = state_after(assignment.id, assignment.seed, 0);
    attempt.sequence = 1;
    if (attempt.script.interval == 0) return;
    auto search = find_checkpoint(world_.disk, world_.layout, assignment.id, assignment.attempt);
    if (!search) {
        if (!world_.disk.dead()) world_.history.violate("I11: " + search.error().message);
        return;
    }
    attempt.sequence = search->highest_sequence + 1;
    for (const std::string& damaged : search->damaged) {
        world_.timeline.note(damaged);
    }
    if (search->found) {
        const auto text = world_.disk.read(search->found->place.path + "/" + state_file);
        if (text) {
            char* end = nullptr;
            attempt.step = static_cast<std::uint32_t>(std::strtoul(text->c_str(), &end, 10));
            attempt.state = std::strtoull(end, nullptr, 10);
        }
        attempt.resumed = true;
        if (attempt.state != state_after(assignment.id, assignment.seed, attempt.step)) {
            world_.history.violate(
                "I11: " + name_of(assignment) + " resumes from " + search->found->place.path +
                ", which is not what was sealed"
            );
        }
    }
    check_resumed(attempt, search->damaged.size());
}

void ScriptedAttempts::check_resumed(const Attempt& attempt, std::size_t damaged) {
    const Assignment& assignment = attempt.assignment;
    std::size_t meant = 0;
    const auto places =
        list_checkpoints(world_.disk, world_.layout, assignment.id, assignment.attempt);
    for (std::size_t i = 0; places && i < damaged && i < places->size(); ++i) {
        if (world_.history.is_damaged((*places)[i].path)) ++meant;
    }
    if (meant < damaged) {
        world_.history.violate(
            "I11: a sealed checkpoint of " + name_of(assignment) + " is damaged"
        );
    }
    UnitStory& story = world_.history.story(assignment.id);
    const std::uint32_t done = story.steps_through(assignment.attempt.value);
    const auto intervals = static_cast<std::uint32_t>(1 + damaged);
    // Whoever damages all that an attempt keeps sends the unit back to what an earlier one left, or
    // to its beginning.
    const bool is_all_damaged = damaged >= kept_checkpoints;
    if (!is_all_damaged && done > attempt.step + intervals * attempt.script.interval) {
        world_.history.violate(fmt::format(
            "I4: {} resumes at step {} though step {} was reached and every {} are saved",
            name_of(assignment),
            attempt.step,
            done,
            attempt.script.interval
        ));
    }
    // What was lost to damage is not lost again.
    if (damaged == 0) return;
    for (auto& [number, steps] : story.steps_done)
        steps = std::min(steps, attempt.step);
}

void ScriptedAttempts::stop(const EndAttempt& order) {
    const Key key{order.unit, order.attempt};
    Attempt* attempt = find(key);
    if (attempt == nullptr) return;
    if (order.cause == Cause::superseded && !attempt->superseded) {
        attempt->superseded = world_.timeline.now();
    }
    if (order.at_once) {
        attempt->killed = true;
        attempt->turn = ++turns_;
        finish(key, stopped_end(*attempt, order.cause), dice_.between(Millis{1}, Millis{50}));
        return;
    }
    if (attempt->ending) return;
    attempt->stop = order.cause;
    const Millis grace = world_.scenario.sweep.stages[key.first.stage.value].limits.grace;
    const bool obeys = world_.ranks.are_whole(attempt->assignment) &&
                       attempt->script.interval > 0 &&
                       attempt->script.behaviour != Behaviour::stubborn;
    if (!obeys) {
        const Millis patience =
            attempt->script.behaviour == Behaviour::stubborn ? 2 * grace : grace;
        world_.timeline.after(patience, [this, key, cause = order.cause, began = attempt->started] {
            Attempt* late = find(key);
            if (late == nullptr || late->ending || late->started != began) return;
            late->turn = ++turns_;
            finish(key, stopped_end(*late, cause), Millis{1});
        });
        return;
    }
    if (attempt->saving) return;  // it looks at the stop file when it has saved
    advance_partly(*attempt);
    attempt->turn = ++turns_;
    save(key, true);
}

// The steps that were done since the last milestone.
void ScriptedAttempts::advance_partly(Attempt& attempt) {
    if (attempt.script.step_time <= Millis{0}) return;
    const auto steps = static_cast<std::uint32_t>(
        (world_.timeline.now() - attempt.segment_began) / attempt.script.step_time
    );
    // The last step is not done before its event.
    move_to(attempt, std::min(attempt.step + steps, attempt.script.steps - 1));
}

void ScriptedAttempts::move_to(Attempt& attempt, std::uint32_t step) {
    for (; attempt.step < step; ++attempt.step) {
        attempt.state = mix(attempt.state, attempt.step);
    }
    UnitStory& story = world_.history.story(attempt.assignment.id);
    std::uint32_t& done = story.steps_done[attempt.assignment.attempt.value];
    done = std::max(done, attempt.step);
}

void ScriptedAttempts::run_on(const Key& key) {
    Attempt& attempt = attempts_.at(key);
    const Script& script = attempt.script;
    std::uint32_t next = script.steps;
    if (script.interval > 0) {
        next = std::min(next, (attempt.step / script.interval + 1) * script.interval);
    }
    if (script.hopeless_at > 0) next = std::min(next, script.hopeless_at);
    attempt.segment_began = world_.timeline.now();
    attempt.turn = ++turns_;
    later(key, (next - std::min(next, attempt.step)) * script.step_time, [this, key, next] {
        arrive(key, next);
    });
}

void ScriptedAttempts::arrive(const Key& key, std::uint32_t step) {
    Attempt& attempt = attempts_.at(key);
    if (!world_.ranks.are_whole(attempt.assignment)) return give_up(key);
    move_to(attempt, std::max(step, attempt.step));
    if (has_shown_hopeless(attempt)) {
        // Whoever watches the rows sees it a little later.
        attempt.turn = ++turns_;
        later(key, dice_.between(Millis{0}, sees_rows_within), [this, key] {
            finish(key, stopped_end(attempts_.at(key), Cause::stop_request), Millis{1});
        });
        return;
    }
    UnitStory& story = world_.history.story(attempt.assignment.id);
    if (attempt.script.behaviour == Behaviour::failing &&
        story.failures < attempt.script.failures) {
        ++story.failures;
        // Of a gang one rank fails, and the others end with it.
        world_.ranks.lose_one(attempt.assignment);
        AttemptEnd end = stopped_end(attempt, Cause::user_error);
        end.exit_code = 1;
        end.message = "the script says so";
        finish(key, std::move(end), Millis{0});
        return;
    }
    if (attempt.step < attempt.script.steps) {
        save(key, attempt.script.behaviour == Behaviour::returning);
        return;
    }
    AttemptEnd end = stopped_end(attempt, Cause::none);
    const Assignment& assignment = attempt.assignment;
    end.rows = expected_rows(attempt.script, assignment.id, assignment.seed, assignment.attempt);
    if (attempt.state != state_after(assignment.id, assignment.seed, attempt.script.steps)) {
        world_.history.violate("I12: " + name_of(assignment) + " comes to another end");
    }
    finish(key, std::move(end), Millis{0});
}

// A collective hangs, and is found out.
void ScriptedAttempts::give_up(const Key& key) {
    Attempt& attempt = attempts_.at(key);
    attempt.turn = ++turns_;
    later(key, hung_collective, [this, key] {
        finish(key, stopped_end(attempts_.at(key), Cause::agent_lost), Millis{1});
    });
}

void ScriptedAttempts::save(const Key& key, bool then_exit) {
    Attempt& attempt = attempts_.at(key);
    attempt.saving = true;
    attempt.turn = ++turns_;
    later(key, attempt.script.save_time, [this, key, then_exit] { seal(key, then_exit); });
}

void ScriptedAttempts::seal(const Key& key, bool then_exit) {
    Attempt& attempt = attempts_.at(key);
    attempt.saving = false;
    if (!write_checkpoint(attempt)) {
        report_(AttemptRunning{.unit = key.first, .attempt = key.second, .pid = 1});
        return;  // the agent died in the middle of it
    }
    report_(AttemptSealed{
        CheckpointSealed{
                         .unit = key.first,
                         .attempt = key.second,
                         .sequence = attempt.sequence - 1,
                         .step = attempt.step,
                         .took = attempt.script.save_time}
    });
    // Reporting may have ended this attempt.
    Attempt* left = find(key);
    if (left == nullptr || left->ending) return;
    if (left->stop && left->script.behaviour != Behaviour::stubborn) {
        finish(key, stopped_end(*left, *left->stop), Millis{1});
    } else if (then_exit) {
        AttemptEnd end = stopped_end(*left, Cause::checkpointed);
        end.exit_code = 75;
        finish(key, std::move(end), Millis{1});
    } else {
        run_on(key);
    }
}

bool ScriptedAttempts::write_checkpoint(Attempt& attempt) {
    DiskView& disk = world_.disk;
    const SweepLayout& layout = world_.layout;
    const UnitId& id = attempt.assignment.id;
    const std::string unit = layout.unit(id);
    const std::string directory = layout.attempt(id, attempt.assignment.attempt);
    const std::string folder = unsealed_path(directory, attempt.sequence);
    const std::size_t second = unit.rfind('/');
    const std::size_t first = unit.rfind('/', second - 1);
    for (const std::string& path :
         {layout.units(), unit.substr(0, first), unit.substr(0, second), unit, directory, folder}) {
        if (!disk.make_directory(path)) return false;
    }
    auto file = disk.create(folder + "/" + state_file);
    if (!file) return false;
    const std::string text = fmt::format("{} {}\n", attempt.step, attempt.state);
    if (!(*file)->append(text)) return false;
    file->reset();
    const SealRequest request{
        .attempt_directory = directory,
        .sequence = attempt.sequence,
        .files = {state_file},
        .step = attempt.step,
        .restore = {}};
    if (!seal_checkpoint(disk, request)) return false;
    ++attempt.sequence;
    return prune_checkpoints(disk, directory, kept_checkpoints).has_value();
}

bool ScriptedAttempts::has_shown_hopeless(const Attempt& attempt) {
    return attempt.script.hopeless_at > 0 && attempt.step >= attempt.script.hopeless_at;
}

void ScriptedAttempts::finish(const Key& key, AttemptEnd end, Millis delay) {
    Attempt& attempt = attempts_.at(key);
    // As the last step of a real attempt does, whatever ended it.
    if (has_shown_hopeless(attempt) && end.cause != Cause::cancelled &&
        end.cause != Cause::superseded) {
        const Sweep& sweep = world_.scenario.sweep;
        end.cause = Cause::none;
        end.rows = hopeless_rows(attempt.script) + end.rows;
        end = judged(stop_rules_of(sweep, sweep.stages[key.first.stage.value]), std::move(end));
    }
    attempt.ending = true;
    attempt.turn = ++turns_;
    if (attempt.script.behaviour == Behaviour::orphaning) {
        delay += dice_.between(Millis{0}, Millis{2'000});
    }
    world_.timeline.note(fmt::format(
        "{}: {} ends, {}", world_.name, name_of(attempt.assignment), cause_name(end.cause)
    ));
    later(key, delay, [this, key, end = std::move(end)] {
        const Attempt& over = attempts_.at(key);
        world_.ranks.end(over.assignment, over.killed);
        attempts_.erase(key);
        report_(AttemptOver{.unit = key.first, .attempt = key.second, .end = end});
    });
}

AttemptEnd ScriptedAttempts::stopped_end(const Attempt& attempt, Cause cause) const {
    AttemptEnd end;
    end.cause = cause;
    end.started_unix = attempt.started_unix;
    end.ran = world_.timeline.now() - attempt.started + Millis{1};
    end.resumed = attempt.resumed;
    return end;
}

void ScriptedAttempts::later(const Key& key, Millis delay, std::function<void()> event) {
    const std::uint64_t turn = attempts_.at(key).turn;
    world_.timeline.after(delay, [this, key, turn, happen = std::move(event)] {
        const Attempt* attempt = find(key);
        if (attempt != nullptr && attempt->turn == turn) happen();
    });
}

ScriptedAttempts::Attempt* ScriptedAttempts::find(const Key& key) {
    const auto found = attempts_.find(key);
    return found == attempts_.end() ? nullptr : &found->second;
}

}  // namespace xorch::simulation
