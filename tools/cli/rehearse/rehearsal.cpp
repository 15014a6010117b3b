#include "tools/cli/rehearse/rehearsal.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>

#include "tools/cli/rehearse/directory_watch.h"
#include "tools/cli/rehearse/observed_attempt.h"
#include "worker/attempt_runner.h"
#include "worker/os/hardware.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

// A sweep directory of its own with a runner of its own.
struct Scenario {
    SweepLayout layout;
    std::string scratch;
    AttemptRunner runner;
};

Result<Scenario> open_scenario(
    const Sweep& sweep, const RehearsalSettings& settings, const std::string& name
) {
    const SweepLayout layout{settings.folder + "/" + name};
    const std::string scratch = layout.root + "/scratch";
    for (const std::string& folder :
         {layout.root, layout.units(), layout.logs(), layout.journal(), scratch}) {
        if (::mkdir(folder.c_str(), 0700) != 0) return fail_from_errno("making " + folder, errno);
    }
    std::error_code error;
    fs::create_directory_symlink(settings.code, layout.code(), error);
    if (error) return fail_from_errno("linking the code to " + layout.code(), error.value());
    std::random_device random;
    const IncarnationId incarnation{(std::uint64_t{random()} << 32U) | random() | 1U};
    auto runner = AttemptRunner::start(
        sweep,
        {
            .layout = layout,
            .incarnation = incarnation,
            .scratch = scratch,
            .capacity =
                {.cpus = static_cast<std::uint32_t>(usable_cpus().size()),
                           .memory = usable_memory()},
            .native_program = settings.native_program,
            .program = settings.program
    }
    );
    if (!runner) return tl::unexpected(runner.error());
    return Scenario{layout, scratch, std::move(*runner)};
}

class Rehearsal {
 public:
    Rehearsal(const Sweep& sweep, const RehearsedUnit& unit, const RehearsalSettings& settings)
        : sweep_(sweep), unit_(unit), settings_(settings), stage_(sweep.stages[unit.stage.value]) {}

    Result<Rehearsed> run() {
        const TreeSnapshot before = take_snapshot(sweep_.directory, settings_.folder);
        if (auto whole = run_whole(); !whole) return tl::unexpected(whole.error());
        seen_.changed_outside =
            changed_files(before, take_snapshot(sweep_.directory, settings_.folder));
        const bool done = seen_.whole.end.cause == Cause::none;
        if (done) {
            if (auto again = run_again(); !again) return tl::unexpected(again.error());
            if (auto disturbed = run_disturbed(); !disturbed)
                return tl::unexpected(disturbed.error());
        }
        return Rehearsed{std::move(seen_), out_};
    }

 private:
    Result<AttemptSeen> attempt(
        Scenario& scenario, std::uint32_t number, Interruption interruption
    ) {
        Assignment assignment = unit_.assignment;
        assignment.attempt = AttemptNumber{number};
        return observe(
            scenario.runner,
            {.stage = &stage_,
             .layout = scenario.layout,
             .scratch = scenario.scratch,
             .assignment = std::move(assignment),
             .interruption = interruption,
             .longest = settings_.attempt_max,
             .given_resume = given_resume_}
        );
    }

    Result<void> run_whole() {
        settings_.say("running it whole");
        auto scenario = open_scenario(sweep_, settings_, "whole");
        if (!scenario) return tl::unexpected(scenario.error());
        auto seen = attempt(*scenario, 1, {});
        if (!seen) return tl::unexpected(seen.error());
        seen_.whole = std::move(*seen);
        out_ = scenario->layout.output(unit_.assignment.id, AttemptNumber{1});
        return {};
    }

    Result<void> run_again() {
        settings_.say("running it again with the same seed");
        auto scenario = open_scenario(sweep_, settings_, "again");
        if (!scenario) return tl::unexpected(scenario.error());
        auto seen = attempt(*scenario, 1, {});
        if (!seen) return tl::unexpected(seen.error());
        seen_.again = std::move(*seen);
        return {};
    }

    // Stop, resume and kill, resume to the end.
    Result<void> run_disturbed() {
        auto scenario = open_scenario(sweep_, settings_, "disturbed");
        if (!scenario) return tl::unexpected(scenario.error());
        const Millis latest = interrupt_at_latest();

        settings_.say("stopping it after a checkpoint");
        auto stopped =
            attempt(*scenario, 1, {.kind = Interruption::Kind::stop, .at_latest = latest});
        if (!stopped) return tl::unexpected(stopped.error());
        seen_.stopped = std::move(*stopped);
        if (seen_.stopped->end.cause != Cause::none) {
            given_resume_ = !seen_.stopped->checkpoints.empty();
            settings_.say("resuming it, and killing it after another checkpoint");
            return run_killed(*scenario, AttemptNumber{2}, latest / 2);
        }
        // It ended well before the time for stopping was over: only a kill interrupts it.
        auto fresh = open_scenario(sweep_, settings_, "killed");
        if (!fresh) return tl::unexpected(fresh.error());
        settings_.say("it ended before it had to stop; killing another run after a checkpoint");
        return run_killed(*fresh, AttemptNumber{1}, latest);
    }

    // A unit that makes a checkpoint well before its end is waited for, however slow the machine is
    // this time (0); another one is interrupted half way.
    Millis interrupt_at_latest() const {
        const AttemptSeen& whole = seen_.whole;
        const bool early = !whole.checkpoints.empty() &&
                           4 * whole.checkpoints.front().after_start <= 3 * whole.end.ran;
        return early ? Millis{0} : std::max(whole.end.ran / 2, Millis{2});
    }

    // A unit that ends before it is killed ends the scenario.
    Result<void> run_killed(Scenario& scenario, AttemptNumber number, Millis at_latest) {
        auto killed = attempt(
            scenario, number.value, {.kind = Interruption::Kind::kill, .at_latest = at_latest}
        );
        if (!killed) return tl::unexpected(killed.error());
        if (killed->end.cause == Cause::none) {
            if (given_resume_) seen_.resumed = std::move(*killed);
            return {};
        }
        given_resume_ = given_resume_ || !killed->checkpoints.empty();
        seen_.killed = std::move(*killed);

        settings_.say("resuming it to its end");
        auto resumed = attempt(scenario, number.value + 1, {});
        if (!resumed) return tl::unexpected(resumed.error());
        seen_.resumed = std::move(*resumed);
        return {};
    }

    const Sweep& sweep_;
    const RehearsedUnit& unit_;
    const RehearsalSettings& settings_;
    const Stage& stage_;
    RehearsalSeen seen_;
    std::string out_;
    bool given_resume_ = false;
};

}  // namespace

Result<Rehearsed> rehearse(
    const Sweep& sweep, const RehearsedUnit& unit, const RehearsalSettings& settings
) {
    return Rehearsal(sweep, unit, settings).run();
}

}  // namespace xorch
