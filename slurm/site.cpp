#include "slurm/site.h"

#include <fmt/format.h>

#include "slurm/command.h"
#include "slurm/fields.h"
#include "slurm/job_script.h"

namespace xorch {

Result<ProgramRun> SlurmSite::run(std::vector<std::string> argv, std::string_view input) const {
    return run_command({.argv = std::move(argv), .input = input, .time = time_}, environment_);
}

Result<std::string> SlurmSite::output(std::vector<std::string> argv) const {
    const std::string name = argv.front();
    const auto done = run(std::move(argv));
    if (!done) return tl::unexpected(done.error());
    const auto text = output_of(*done, name);
    if (!text) return tl::unexpected(text.error());
    return std::string(*text);
}

Result<std::vector<SiteController>> SlurmSite::controllers() const {
    // It fails where a controller is down, and says which.
    const auto done = run(ping_argv());
    if (!done) return tl::unexpected(done.error());
    auto controllers = parse_ping(done->output);
    if (controllers) return controllers;
    if (mentions_word(done->error_output, "could not establish a configuration source")) {
        return fail(
            ErrorCode::invalid_input, "Slurm's commands are installed, but belong to no cluster"
        );
    }
    const auto text = output_of(*done, "scontrol ping");
    return text ? controllers : tl::unexpected(text.error());
}

Result<SiteConfig> SlurmSite::config() const {
    const auto text = output(show_config_argv());
    if (!text) return tl::unexpected(text.error());
    return parse_config(*text);
}

Result<std::vector<PartitionFacts>> SlurmSite::partitions() const {
    const auto text = output(sinfo_argv());
    if (!text) return tl::unexpected(text.error());
    return parse_sinfo(*text);
}

Result<std::map<std::string, Millis>> SlurmSite::grace_times() const {
    const auto text = output(show_partitions_argv());
    if (!text) return tl::unexpected(text.error());
    return parse_grace_times(*text);
}

Result<std::vector<QueuedJob>> SlurmSite::queue(const QueueQuery& query) const {
    auto argv = squeue_argv(query);
    if (!argv) return tl::unexpected(argv.error());
    const auto done = run(std::move(*argv));
    if (!done) return tl::unexpected(done.error());
    return parse_squeue(*done);
}

Result<SubmissionAnswer> SlurmSite::test(const SlurmOptions& options, const std::string& directory)
    const {
    auto argv = sbatch_argv({
        .options = options,
        .job_name = "xorch-test",
        .directory = directory,
        .output = "/dev/null",
        .test_only = true,
    });
    if (!argv) return tl::unexpected(argv.error());
    return read_test_only(run(std::move(*argv), job_script));
}

std::vector<PartitionFacts> partitions_asked(
    const SlurmOptions& options, std::vector<PartitionFacts> all
) {
    const std::string& asked = options.partition;
    std::erase_if(all, [&](const PartitionFacts& each) {
        if (asked.empty()) return !each.is_default;
        return fmt::format(",{},", asked).find(fmt::format(",{},", each.name)) == std::string::npos;
    });
    return all;
}

}  // namespace xorch
