#include "slurm/submission.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/slurm_options.h"
#include "slurm/fields.h"
#include "slurm/time_text.h"

namespace xorch {

namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::uint64_t mebibyte = 1ULL << 20U;

bool is_one_line(std::string_view text) {
    const auto control = [](char byte) {
        return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    };
    return !text.empty() && text.size() <= path_bytes_max &&
           std::none_of(text.begin(), text.end(), control);
}

class ArgumentList {
 public:
    void add(std::string argument) { argv_.push_back(std::move(argument)); }

    void add(std::string_view option, std::string_view value) {
        argv_.push_back(fmt::format("--{}={}", option, value));
    }

    void add_count(std::string_view option, std::uint64_t count) {
        if (count > 0) argv_.push_back(fmt::format("--{}={}", option, count));
    }

    // Keys of [slurm] that hold text.
    void add_key(std::string_view key, const std::string& value) {
        if (value.empty()) return;
        check(*find_slurm_key(key), value);
        add(key, value);
    }

    void add_option(const std::string& name, const std::string& value) {
        const SlurmRule* rule = find_slurm_option(name);
        if (rule == nullptr) return complain(fmt::format("sbatch gets no option \"{}\"", name));
        check(*rule, value);
        if (value.empty()) {
            add("--" + name);
        } else {
            add(name, value);
        }
    }

    void check(const SlurmRule& rule, std::string_view value) {
        const auto checked = check_slurm_text(rule, value);
        if (!checked) complain(checked.error().message);
    }

    void complain(std::string problem) {
        if (problem_.empty()) problem_ = std::move(problem);
    }

    Result<std::vector<std::string>> take() {
        if (!problem_.empty()) return fail(ErrorCode::invalid_input, problem_);
        return std::move(argv_);
    }

 private:
    std::vector<std::string> argv_;
    std::string problem_;
};

void add_how_it_lives(ArgumentList& argv, const Submission& submission) {
    if (!is_plain_word(submission.job_name)) argv.complain("the name of the job is no plain word");
    if (!submission.directory.starts_with('/') || !is_one_line(submission.directory)) {
        argv.complain("the sweep's directory is no absolute path on one line");
    }
    if (!is_one_line(submission.output)) argv.complain("the output file is no path on one line");
    argv.add("job-name", submission.job_name);
    argv.add("chdir", submission.directory);
    argv.add("output", submission.output);
    argv.add("--parsable");
    // xorch owns every retry: a job that Slurm starts again would run units twice.
    argv.add("--no-requeue");
    argv.add("open-mode", "append");
    const auto lead = std::chrono::ceil<std::chrono::seconds>(submission.options.signal_lead);
    // To the batch shell's process, which is the relay: only a hint to ask for the end again.
    if (lead.count() > 0) argv.add("signal", fmt::format("B:USR2@{}", lead.count()));
    // The submitter's environment, as for any job that a person submits, and whatever the site or
    // SBATCH_EXPORT says. NONE would leave PATH to a log-in on the compute node, which not every
    // site has, and would make each srun of the job start with nothing.
    argv.add("export", "ALL");
}

void add_shape(ArgumentList& argv, const SlurmOptions& options) {
    argv.add_count("nodes", options.nodes);
    // One agent per node, which owns all that the job has there.
    argv.add("ntasks-per-node", "1");
    argv.add_count("cpus-per-task", options.cpus_per_node);
    argv.add_count("gpus-per-node", options.gpus_per_node);
    if (options.memory_per_node.value > 0) {
        const std::uint64_t size = (options.memory_per_node.value - 1) / mebibyte + 1;
        argv.add("mem", fmt::format("{}M", size));
    }
    if (options.time > Millis{0}) argv.add("time", format_time_limit(options.time));
    // The other nodes go on when one fails; steps need the same option.
    if (options.nodes > 1) argv.add("--no-kill");
}

void add_place_in_queue(ArgumentList& argv, const Submission& submission) {
    std::vector<std::string> conditions;
    if (!submission.after.empty()) {
        std::vector<std::uint32_t> jobs;
        for (const SlurmJobId job : submission.after)
            jobs.push_back(job.value);
        conditions.push_back(fmt::format("afterany:{}", fmt::join(jobs, ":")));
    }
    if (submission.singleton) conditions.emplace_back("singleton");
    if (!conditions.empty()) argv.add("dependency", fmt::format("{}", fmt::join(conditions, ",")));
}

void add_options(ArgumentList& argv, const Submission& submission) {
    const SlurmOptions& options = submission.options;
    std::vector<std::string> excluded;
    for (const auto& [name, value] : options.options) {
        if (name != "exclude") {
            argv.add_option(name, value);
            continue;
        }
        argv.check(*find_slurm_option(name), value);
        excluded.push_back(value);
    }
    for (const std::string& node : submission.excluded_nodes) {
        if (!is_plain_word(node)) {
            argv.complain(fmt::format("\"{}\" is no name of a node", first_line(node)));
        }
        excluded.push_back(node);
    }
    if (!excluded.empty()) argv.add("exclude", fmt::format("{}", fmt::join(excluded, ",")));
}

}  // namespace

Result<std::vector<std::string>> sbatch_argv(const Submission& submission) {
    const SlurmOptions& options = submission.options;
    ArgumentList argv;
    argv.add("sbatch");
    if (submission.test_only) argv.add("--test-only");
    add_how_it_lives(argv, submission);
    add_shape(argv, options);
    argv.add_key("partition", options.partition);
    argv.add_key("account", options.account);
    argv.add_key("qos", options.qos);
    argv.add_key("constraint", options.constraint);
    argv.add_key("comment", options.comment);
    add_place_in_queue(argv, submission);
    add_options(argv, submission);
    return argv.take();
}

}  // namespace xorch
