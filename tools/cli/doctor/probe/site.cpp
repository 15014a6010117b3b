#include "tools/cli/doctor/probe/site.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/io/spawn.h"
#include "slurm/command.h"
#include "slurm/fields.h"
#include "slurm/show.h"

namespace xorch {

namespace {

// sacct is looked at by itself.
constexpr const char* commands[] = {"sbatch", "squeue", "scancel", "srun", "scontrol", "sinfo"};
// Whether sacct works does not depend on a job.
constexpr SlurmJobId any_job{1};

std::string ask_version(const SlurmSite& site) {
    const auto run = site.run({"sbatch", "--version"});
    if (!run || run->exit_code != 0) return "";
    // "slurm 23.11.4", "slurm-wlm 22.05.8"
    const std::string_view text = trim_field(run->output);
    return "Slurm " + std::string(first_line(text.substr(text.rfind(' ') + 1)));
}

Trial try_accounting(const SlurmSite& site) {
    const auto run = site.run(sacct_argv({any_job}));
    Trial trial{.tried = true, .problem = ""};
    if (!run) {
        trial.problem =
            run.error().code == ErrorCode::not_found ? "there is no sacct" : run.error().message;
    } else if (run->exit_code != 0) {
        trial.problem = first_line(trim_field(run->error_output));
        if (trial.problem.empty()) trial.problem = "it fails without a word";
    } else if (const auto rows = parse_sacct(run->output); !rows) {
        trial.problem = rows.error().message;
    }
    return trial;
}

// "MPI plugin types are...\n\tnone\n\tpmi2\n": versions differ in the stream and in the title.
Result<std::string> ask_mpi(const SlurmSite& site) {
    const auto run = site.run({"srun", "--mpi=list"});
    if (!run) return tl::unexpected(run.error());
    std::vector<std::string_view> plugins;
    const std::string text = run->output + "\n" + run->error_output;
    for (std::string_view line : split_lines(text)) {
        line = trim_field(line);
        if (line.starts_with("srun: ")) line.remove_prefix(6);
        if (is_plain_word(line)) plugins.push_back(line);
    }
    if (run->exit_code == 0 && !plugins.empty()) {
        return fmt::format("{}", fmt::join(plugins, ", "));
    }
    return fail(
        ErrorCode::unavailable,
        fmt::format("srun --mpi=list says nothing that xorch understands: {}", first_line(text))
    );
}

bool any_up(const Result<std::vector<SiteController>>& controllers) {
    // Without scontrol nobody could say so.
    if (!controllers) return controllers.error().code == ErrorCode::not_found;
    return std::any_of(controllers->begin(), controllers->end(), [](const SiteController& each) {
        return each.is_up;
    });
}

}  // namespace

std::optional<SlurmFacts> probe_slurm(
    const SlurmSite& site, const SlurmOptions& asked, const std::string& directory
) {
    SlurmFacts facts;
    bool any = false;
    for (const char* name : commands) {
        const auto path = find_program(name, site.environment(), "");
        facts.commands.push_back({.name = name, .path = path ? *path : ""});
        any = any || path;
    }
    if (!any) return std::nullopt;
    // Where it does not answer, every other command might wait as long.
    facts.controllers = site.controllers();
    if (!any_up(facts.controllers)) return facts;
    facts.version = ask_version(site);
    facts.mpi = ask_mpi(site);
    facts.config = site.config();
    facts.partitions = site.partitions();
    if (*facts.partitions) {
        facts.partitions = partitions_asked(asked, std::move(**facts.partitions));
    }
    if (auto times = site.grace_times()) facts.grace_times = std::move(*times);
    facts.accounting = try_accounting(site);
    auto submission = site.test(asked, directory);
    facts.submission = submission ? std::move(*submission)
                                  : SubmissionAnswer{
                                        .outcome = SubmissionOutcome::wrong,
                                        .message = submission.error().message};
    return facts;
}

Millis longest_time(const SlurmFacts& slurm) {
    if (!slurm.partitions || !*slurm.partitions) return Millis{0};
    Millis longest{0};
    for (const PartitionFacts& each : **slurm.partitions) {
        if (!each.time_max || each.time_max->unlimited) return Millis{0};
        longest = std::max(longest, each.time_max->length);
    }
    return longest;
}

}  // namespace xorch
