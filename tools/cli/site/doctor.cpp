#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "coordinator/input/quantity.h"
#include "core/io/console.h"
#include "core/io/keys.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "core/io/signals.h"
#include "tools/cli/doctor/judge/site_report.h"
#include "tools/cli/doctor/probe/folder.h"
#include "tools/cli/doctor/probe/job.h"
#include "tools/cli/doctor/probe/machine.h"
#include "tools/cli/doctor/probe/site.h"
#include "tools/cli/private_folder.h"
#include "tools/cli/run/native_program.h"
#include "tools/cli/run/sweep_source.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

// A controller that takes longer is of no use to a sweep either, but others wait for the report.
constexpr Millis command_time{30'000};

struct DoctorOptions {
    std::string file;
    std::vector<std::string> overrides;
    std::string partition;
    std::string wait = "10m";
    bool quick = false;
    bool json = false;
};

Result<Sweep> read_asked(const DoctorOptions& options) {
    SweepSource source{.file = options.file, .overrides = options.overrides};
    if (!options.partition.empty()) {
        source.overrides.push_back(fmt::format("slurm.partition=\"{}\"", options.partition));
    }
    return options.file.empty() ? read_site(source.overrides) : read_sweep(source);
}

// What can be seen without leaving anything anywhere.
DoctorFacts look_from_here(const Context& context, const Sweep& sweep, const SlurmSite& site) {
    return {
        .asked = sweep.slurm,
        .backend = sweep.backend,
        .here = probe_machine(site.environment()),
        .encryption = name_encryption(),
        .runner = probe_runner(native_program_of(context.program), site.environment()),
        .home = {},
        .slurm = probe_slurm(site, sweep.slurm, sweep.directory),
        .job_not_probed = {},
        .job = {}};
}

void look_at_home(const Context& context, const Result<PrivateFolder>& folder, DoctorFacts& facts) {
    if (folder) {
        PosixDisk disk;
        facts.home = probe_folder(disk, folder->path(), "here");
    } else {
        facts.home.problems.push_back(folder.error().message);
    }
    facts.home.path = context.home;
}

// Why no job is asked; empty if one is.
std::string reason_for_no_job(const DoctorFacts& facts, bool quick) {
    if (quick) return "not probed (--quick)";
    if (!facts.slurm) return "not probed: there is no Slurm";
    if (!facts.home.problems.empty()) return "not probed: $XORCH_HOME does not work";
    const auto& answer = facts.slurm->submission;
    if (!answer) return "not probed: no controller answers";
    if (answer->outcome == SubmissionOutcome::wrong) return "not probed: Slurm refuses such a job";
    return "";
}

// The signal that a person sent meanwhile; 0 = none.
int signal_from(const Descriptor& signals) {
    signalfd_siginfo info{};
    const bool got = ::read(signals.number(), &info, sizeof info) == sizeof info;
    return got ? static_cast<int>(info.ssi_signo) : 0;
}

Result<ExitCode> examine_site(const Context& context, const DoctorOptions& options) {
    const auto wait = parse_duration(options.wait);
    if (!wait) return fail(ErrorCode::usage, "--wait: " + wait.error().message);
    const auto sweep = read_asked(options);
    if (!sweep) return tl::unexpected(sweep.error());
    const SlurmSite site(current_environment(), command_time);
    DoctorFacts facts = look_from_here(context, *sweep, site);
    // From here on there is something to clean up.
    const auto signals = take_signals({SIGINT, SIGTERM, SIGHUP});
    if (!signals) return tl::unexpected(signals.error());
    const auto folder = PrivateFolder::make(context.home, "doctor");
    look_at_home(context, folder, facts);
    facts.job_not_probed = reason_for_no_job(facts, options.quick);
    if (facts.job_not_probed.empty()) {
        PosixDisk disk;
        facts.job = ask_a_node(
            site,
            disk,
            {.folder = folder->path(),
             .program = context.program,
             .asked = sweep->slurm,
             .longest = longest_time(*facts.slurm),
             .interface = sweep->interface,
             .wait = *wait,
             .stop = signals->number(),
             .say = [](std::string_view line) { say_line(stderr, line); }}
        );
    }
    const int signal = signal_from(*signals);
    if (signal != 0) {
        say_line(stderr, "interrupted: the job was cancelled, its files are removed");
        return static_cast<ExitCode>(static_cast<int>(ExitCode::signal_base) + signal);
    }
    const auto findings = judge_site(facts);
    if (options.json) {
        fmt::print("{}\n", format_site_json(findings));
    } else {
        const Terminal& terminal = context.terminal;
        fmt::print(
            "{}",
            format_site_report(
                findings,
                {.width = terminal.is_terminal ? terminal.width : 0, .colour = terminal.colour}
            )
        );
    }
    return problems_of(findings).empty() ? ExitCode::complete : ExitCode::error;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
    auto& options = context.keep<DoctorOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "doctor",
         .group = VerbGroup::site,
         .purpose =
             "Look at this machine and its Slurm cluster, and say what that means for sweeps",
         .example = "xorch doctor --quick\n"
                    "  xorch doctor --partition gpu --set slurm.gpus_per_node=1"},
        [&context, &options] { return examine_site(context, options); }
    );
    verb.option("file", options.file, "A sweep file; its [slurm] table is what is asked for")
        .type_name("FILE");
    verb.option("--partition", options.partition, "Where the job looks; as slurm.partition")
        .type_name("NAME");
    verb.option("--set", options.overrides, "Override a key, for example slurm.account=mine")
        .type_name("KEY=VALUE")
        .one_each();
    verb.flag("--quick", options.quick, "Queue no job: nothing is known of compute nodes then");
    verb.option("--wait", options.wait, "How long the job may wait for its start")
        .type_name("TIME")
        .show_default();
    add_json_flag(verb, options.json);
}

}  // namespace xorch
