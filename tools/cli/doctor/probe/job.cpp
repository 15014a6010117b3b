#include "tools/cli/doctor/probe/job.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <random>

#include "core/io/clock.h"
#include "core/io/network.h"
#include "slurm/fields.h"
#include "tools/cli/doctor/probe/exchange.h"
#include "tools/cli/doctor/probe/route.h"

namespace xorch {

namespace {

constexpr Millis job_time{300'000};
constexpr Bytes job_memory{1ULL << 30U};
constexpr Millis route_time{5'000};
// From its first word to its last: six commands of at most 30 s, and a minute for the files.
constexpr Millis speaks_for{240'000};
constexpr int look_every_ms = 100;
// Answers of the queue in a row that do not name the job.
constexpr unsigned missing_max = 3;

std::string random_word() {
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

class AskedNode {
 public:
    AskedNode(const SlurmSite& site, Disk& disk, const JobProbe& probe)
        : site_(site),
          disk_(disk),
          probe_(probe),
          word_(random_word()),
          name_("xorch-doctor-" + word_),
          next_question_(read_clocks().boot + probe.ask_first),
          pause_(probe.ask_first) {}

    JobFacts run() {
        if (auto queued = queue(); !queued) {
            if (facts_.not_probed.empty()) facts_.problem = queued.error().message;
            return std::move(facts_);
        }
        deadline_ = read_clocks().boot + probe_.wait;
        while (!is_done())
            wait();
        cancel();
        return std::move(facts_);
    }

 private:
    void say(const std::string& line) const {
        if (probe_.say) probe_.say(line);
    }

    Result<void> write(const char* name, const std::string& text) {
        return write_file_atomically(disk_, probe_.folder + "/" + name, text);
    }

    exchange::Meeting open_meeting() {
        exchange::Meeting meeting{.word = word_};
        const auto address = find_address(probe_.interface);
        if (!address) {
            meeting.problem = address.error().message;
            return meeting;
        }
        auto listener = RouteListener::open(*address, word_);
        if (!listener) {
            meeting.problem = listener.error().message;
            return meeting;
        }
        meeting.address = *address;
        meeting.port = listener->port();
        listener_.emplace(std::move(*listener));
        return meeting;
    }

    Result<void> prepare(const SlurmOptions& options) {
        std::error_code error;
        std::filesystem::copy_file(probe_.program, probe_.folder + "/xorch", error);
        if (error) {
            return fail_from_errno("copying xorch to " + probe_.folder, error.value());
        }
        auto test = sbatch_argv(
            {.options = options,
             .job_name = "xorch-test",
             .directory = probe_.folder,
             .output = "/dev/null",
             .after = {},
             .singleton = false,
             .excluded_nodes = {},
             .test_only = true}
        );
        if (!test) return tl::unexpected(test.error());
        return write(
            exchange::request_file,
            exchange::format_request(
                {.test = std::move(*test),
                 .job_name = name_,
                 .interface = probe_.interface,
                 .doctor = open_meeting()}
            )
        );
    }

    Result<void> queue() {
        const SlurmOptions options = small_job(probe_.asked, probe_.longest);
        if (auto prepared = prepare(options); !prepared) return prepared;
        auto argv = sbatch_argv(
            {.options = options, .job_name = name_, .directory = probe_.folder, .output = "job.txt"}
        );
        if (!argv) return tl::unexpected(argv.error());
        const SubmissionAnswer answer =
            read_sbatch(site_.run(std::move(*argv), exchange::job_script));
        if (answer.outcome == SubmissionOutcome::accepted) {
            facts_.job = std::to_string(answer.job.value);
            started_ = read_clocks().boot;
            say(fmt::format("job {} is queued, to look at a compute node", facts_.job));
            return {};
        }
        if (answer.outcome == SubmissionOutcome::unreachable) {
            // It may be queued all the same.
            [[maybe_unused]] const auto cancelled = site_.run({"scancel", "--name=" + name_});
        }
        facts_.not_probed = "Slurm took no job: " + answer.message;
        return fail(ErrorCode::unavailable, facts_.not_probed);
    }

    // Also a job that has spoken: it may hang at its end.
    void cancel() {
        const auto run = site_.run({"scancel", facts_.job});
        const bool gone = run && (run->exit_code == 0 || facts_.node || !ended_.empty());
        if (!gone) say(fmt::format("it may still be there: `scancel {}` ends it", facts_.job));
    }

    bool is_done() {
        const Millis now = read_clocks().boot;
        look_for_files(now);
        if (facts_.node || !facts_.problem.empty() || !facts_.not_probed.empty()) return true;
        if (ended_.empty() && now >= next_question_) ask_queue();
        if (now >= deadline_) {
            facts_.not_probed = said_hello_
                                    ? "the job said hello, and then nothing more in time"
                                    : fmt::format("the job did not start in time: {}", last_said_);
            return true;
        }
        if (!ended_.empty() && now >= give_up_) {
            facts_.problem = fmt::format(
                "job {} ended ({}), and its answer is not seen here{}",
                facts_.job,
                ended_,
                last_words()
            );
            return true;
        }
        return false;
    }

    void wait() {
        std::array<pollfd, 2> watched{
            pollfd{.fd = probe_.stop,                              .events = POLLIN, .revents = 0},
            pollfd{.fd = listener_ ? listener_->descriptor() : -1, .events = POLLIN, .revents = 0},
        };
        ::poll(watched.data(), watched.size(), look_every_ms);
        if (watched[0].revents != 0) facts_.not_probed = "interrupted";
        if (listener_) listener_->answer();
    }

    // The folder is listed, since some file systems remember for long that a name was not there.
    void look_for_files(Millis now) {
        const auto names = disk_.list(probe_.folder);
        if (!names) return;
        const auto is_there = [&](const char* name) {
            return std::find(names->begin(), names->end(), name) != names->end();
        };
        if (!said_hello_ && is_there(exchange::hello_file)) on_hello(now);
        if (said_hello_ && !facts_.files_took && is_there(exchange::answer_file)) on_answer();
        if (is_there(exchange::findings_file)) on_findings();
    }

    void on_hello(Millis now) {
        said_hello_ = true;
        facts_.waited = now - started_;
        deadline_ = std::max(deadline_, now + speaks_for);
        say(fmt::format("job {} speaks", facts_.job));
        const auto text = disk_.read(probe_.folder + "/" + exchange::hello_file);
        const auto meeting = text ? exchange::parse_meeting(*text) : tl::unexpected(text.error());
        if (!meeting) {
            facts_.route.problem = meeting.error().message;
        } else if (meeting->port == 0) {
            facts_.route.problem = meeting->problem;
        } else {
            const auto there = try_route(
                {.address = meeting->address, .port = meeting->port, .word = word_}, route_time
            );
            facts_.route = {.tried = true, .problem = there ? "" : there.error().message};
        }
        seen_at_ = read_clocks();
        if (auto written = write(exchange::seen_file, "{}"); !written) {
            facts_.problem = written.error().message;
        }
    }

    void on_answer() {
        const Now now = read_clocks();
        const auto text = disk_.read(probe_.folder + "/" + exchange::answer_file);
        const auto there = text ? exchange::parse_answer(*text) : tl::unexpected(text.error());
        if (!there) return;
        facts_.files_took = now.boot - seen_at_.boot;
        facts_.clock_ahead = *there - (seen_at_.unix + *facts_.files_took / 2);
    }

    void on_findings() {
        const auto text = disk_.read(probe_.folder + "/" + exchange::findings_file);
        auto node = text ? exchange::parse_findings(*text) : tl::unexpected(text.error());
        if (node) {
            facts_.node = std::move(*node);
        } else {
            facts_.problem = node.error().message;
        }
    }

    void ask_queue() {
        const auto jobs = site_.queue({.jobs = {}, .names = {name_}, .user = {}});
        const Millis now = read_clocks().boot;
        pause_ = std::min(2 * pause_, probe_.ask_most);
        next_question_ = now + pause_;
        if (!jobs) return tell("the queue does not answer: " + jobs.error().message);
        if (jobs->empty()) {
            if (++missing_ >= missing_max) on_ended("Slurm does not know it any more", now);
            return;
        }
        missing_ = 0;
        const QueuedJob& job = jobs->front();
        switch (job.state.phase) {
            case SlurmPhase::waiting:
                return tell(fmt::format("job {} waits: {}", facts_.job, job.reason));
            case SlurmPhase::running:
            case SlurmPhase::stopping:
                return tell(fmt::format("job {} runs on {}", facts_.job, job.nodes));
            case SlurmPhase::ended:
                return on_ended(job.state_word, now);
            case SlurmPhase::unknown:
                return tell(fmt::format("job {} is {}", facts_.job, job.state_word));
        }
    }

    void tell(const std::string& line) {
        if (line != last_said_) say(line);
        last_said_ = line;
    }

    void on_ended(const std::string& how, Millis now) {
        ended_ = how;
        give_up_ = now + probe_.files_within;
        tell(fmt::format("job {} has ended ({}); looking for its answer", facts_.job, how));
    }

    // What it printed, if that is seen.
    std::string last_words() {
        const auto text = disk_.read(probe_.folder + "/job.txt");
        if (!text || trim_field(*text).empty()) return "";
        return fmt::format("; it printed: {}", first_line(last_lines(*text)));
    }

    const SlurmSite& site_;
    Disk& disk_;
    const JobProbe& probe_;
    std::string word_;
    std::string name_;
    std::optional<RouteListener> listener_;
    JobFacts facts_;
    Millis started_{0};
    Millis deadline_{0};
    Millis next_question_;
    Millis pause_;
    unsigned missing_ = 0;
    bool said_hello_ = false;
    Now seen_at_;
    std::string ended_;  // how, once it has
    Millis give_up_{0};
    std::string last_said_ = "nothing is known of it";
};

}  // namespace

JobFacts ask_a_node(const SlurmSite& site, Disk& disk, const JobProbe& probe) {
    return AskedNode(site, disk, probe).run();
}

SlurmOptions small_job(SlurmOptions asked, Millis longest) {
    asked.cpus_per_node = 1;
    asked.gpus_per_node = std::min(asked.gpus_per_node, 1U);
    if (asked.memory_per_node.value > 0) {
        asked.memory_per_node = std::min(asked.memory_per_node, job_memory);
    }
    // Slurm's unit is a minute.
    const Millis shortest = std::chrono::minutes{1};
    const Millis limit = longest > Millis{0} ? std::min(job_time, longest) : job_time;
    const Millis wanted = asked.time > Millis{0} ? std::min(asked.time, limit) : limit;
    asked.time = std::max(wanted, shortest);
    // They make a job wait for more than it needs, or tell people of it.
    for (const char* name :
         {"begin", "contiguous", "exclusive", "mail-type", "mail-user", "switches", "time-min"}) {
        asked.options.erase(name);
    }
    // A list of nodes is as long as the sweep's job is wide.
    if (asked.nodes > 1) asked.options.erase("nodelist");
    asked.nodes = 1;
    return asked;
}

}  // namespace xorch
