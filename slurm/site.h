#pragma once

// Questions to the site, each one of Slurm's commands run to its end. Blocks.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/run_program.h"
#include "core/time.h"
#include "slurm/queue.h"
#include "slurm/site_facts.h"
#include "slurm/submission.h"

namespace xorch {

class SlurmSite {
 public:
    // `time` bounds each command.
    explicit SlurmSite(std::vector<std::string> environment, Millis time = Millis{75'000})
        : environment_(std::move(environment)), time_(time) {}

    // not_found if there is no scontrol, invalid_input if no configuration says where to ask.
    Result<std::vector<SiteController>> controllers() const;
    Result<SiteConfig> config() const;
    Result<std::vector<PartitionFacts>> partitions() const;
    Result<std::map<std::string, Millis>> grace_times() const;
    Result<std::vector<QueuedJob>> queue(const QueueQuery& query) const;

    // Whether Slurm would take such a job, which starts in `directory`; nothing is queued. An error
    // is an option that xorch passes to nobody.
    Result<SubmissionAnswer> test(const SlurmOptions& options, const std::string& directory) const;

    // One command; its own failure is an exit code, not an error.
    Result<ProgramRun> run(std::vector<std::string> argv, std::string_view input = {}) const;

    const std::vector<std::string>& environment() const { return environment_; }

 private:
    Result<std::string> output(std::vector<std::string> argv) const;

    std::vector<std::string> environment_;
    Millis time_;
};

// Those that may serve a job with these options: the partitions it names, or the default one.
std::vector<PartitionFacts> partitions_asked(
    const SlurmOptions& options, std::vector<PartitionFacts> all
);

}  // namespace xorch
