#include "tools/cli/doctor/probe/node.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "core/io/clock.h"
#include "core/io/network.h"
#include "core/io/posix_disk.h"
#include "core/io/run_program.h"
#include "slurm/fields.h"
#include "slurm/job_script.h"
#include "slurm/relay.h"
#include "slurm/site.h"
#include "slurm/time_text.h"
#include "tools/cli/doctor/probe/exchange.h"
#include "tools/cli/doctor/probe/folder.h"
#include "tools/cli/doctor/probe/machine.h"
#include "tools/cli/doctor/probe/route.h"

namespace xorch {

namespace {

constexpr Millis route_time{5'000};
// How often to look for a file. By listing the folder: a name that was not there is remembered for
// longer by some file systems.
constexpr int look_every_ms = 100;

std::string variable(const NodeProbe& probe, std::string_view name) {
    const char* value = find_variable(probe.environment, name);
    return value == nullptr ? "" : value;
}

Trial works() {
    return {.tried = true, .problem = ""};
}

Trial fails(std::string problem) {
    if (problem.empty()) problem = "it failed without a word";
    return {.tried = true, .problem = std::move(problem)};
}

class NodeTrials {
 public:
    NodeTrials(const NodeProbe& probe, exchange::Request request)
        : probe_(probe),
          request_(std::move(request)),
          site_(probe.environment, probe.command_time) {}

    Result<void> run() {
        if (auto said = say_hello(); !said) return said;
        if (wait_until_seen()) {
            const std::string answer = exchange::format_answer(read_clocks().unix);
            if (auto written = write(exchange::answer_file, answer); !written) return written;
        }
        NodeFacts node;
        node.route_back = try_route_back();
        node.sbatch = try_sbatch();
        node.squeue = try_squeue(node.end_in_queue);
        node.end_in_environment =
            parse_time_stamp(variable(probe_, "SLURM_JOB_END_TIME")).has_value();
        node.step = try_step(node.machine);
        if (!node.step.works()) node.machine = probe_machine(probe_.environment);
        node.home = probe_folder(disk_, probe_.folder, "node");
        return write(exchange::findings_file, exchange::format_findings(node));
    }

 private:
    Result<void> write(const char* name, const std::string& text) {
        return write_file_atomically(disk_, probe_.folder + "/" + name, text);
    }

    Result<void> say_hello() {
        exchange::Meeting meeting{.word = request_.doctor.word};
        auto address = find_address(request_.interface);
        if (address) {
            meeting.address = *address;
            auto listener = RouteListener::open(*address, meeting.word);
            if (listener) {
                meeting.port = listener->port();
                listener_.emplace(std::move(*listener));
            } else {
                meeting.problem = listener.error().message;
            }
        } else {
            meeting.problem = address.error().message;
        }
        return write(exchange::hello_file, exchange::format_meeting(meeting));
    }

    bool is_seen() {
        const auto names = disk_.list(probe_.folder);
        return names &&
               std::find(names->begin(), names->end(), exchange::seen_file) != names->end();
    }

    // Answers whoever tries the route meanwhile.
    bool wait_until_seen() {
        const Millis end = read_clocks().boot + probe_.seen_within;
        while (!is_seen()) {
            if (read_clocks().boot >= end) return false;
            pollfd watched{
                .fd = listener_ ? listener_->descriptor() : -1, .events = POLLIN, .revents = 0};
            ::poll(&watched, 1, look_every_ms);
            if (listener_) listener_->answer();
        }
        return true;
    }

    Trial try_route_back() const {
        const exchange::Meeting& doctor = request_.doctor;
        if (doctor.port == 0) return {.tried = false, .problem = doctor.problem};
        const auto there = try_route(
            {.address = doctor.address, .port = doctor.port, .word = doctor.word}, route_time
        );
        return there ? works() : fails(there.error().message);
    }

    Trial try_sbatch() const {
        const SubmissionAnswer answer = read_test_only(site_.run(request_.test, job_script));
        // A limit that is reached is no matter of where the question comes from.
        const bool allowed = answer.outcome == SubmissionOutcome::accepted ||
                             answer.outcome == SubmissionOutcome::waiting;
        return allowed ? works() : fails(answer.message);
    }

    Trial try_squeue(bool& says_end) const {
        const auto jobs = site_.queue(
            {.jobs = {}, .names = {request_.job_name}, .user = std::to_string(::geteuid())}
        );
        if (!jobs) return fails(jobs.error().message);
        if (jobs->empty()) return fails("squeue does not name the job");
        const QueuedJob& job = jobs->front();
        says_end = job.end.has_value() || job.time_left.has_value();
        return works();
    }

    // As the relay starts an agent; it prints what it sees.
    Trial try_step(MachineFacts& seen) const {
        const auto nodes = parse_job_nodes(
            variable(probe_, "SLURM_JOB_NODELIST"), variable(probe_, "SLURM_JOB_CPUS_PER_NODE")
        );
        if (!nodes) return fails(nodes.error().message);
        std::vector<std::string> argv = step_argv(nodes->front());
        argv.insert(argv.end(), {probe_.program, "probe", "--step"});
        const auto environment = srun_environment(probe_.environment);
        const auto srun = find_program("srun", environment, "");
        if (!srun) return fails(srun.error().message);
        const auto run = run_program(
            {.program = *srun, .argv = argv, .environment = environment},
            {.time = probe_.command_time}
        );
        if (!run) return fails(run.error().message);
        if (run->exit_code != 0) {
            return fails(std::string(first_line(last_lines(run->error_output))));
        }
        auto machine = exchange::parse_machine(run->output);
        if (!machine) return fails(machine.error().message);
        seen = std::move(*machine);
        return works();
    }

    const NodeProbe& probe_;
    exchange::Request request_;
    SlurmSite site_;
    PosixDisk disk_;
    std::optional<RouteListener> listener_;
};

}  // namespace

Result<void> probe_node(const NodeProbe& probe) {
    PosixDisk disk;
    const auto text = disk.read(probe.folder + "/" + exchange::request_file);
    if (!text) return tl::unexpected(text.error());
    auto request = exchange::parse_request(*text);
    if (!request) return tl::unexpected(request.error());
    return NodeTrials(probe, std::move(*request)).run();
}

}  // namespace xorch
