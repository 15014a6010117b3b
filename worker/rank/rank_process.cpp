#include "worker/rank/rank_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/io/clock.h"
#include "core/io/pipe.h"
#include "core/io/posix_disk.h"
#include "core/io/signals.h"
#include "core/io/spawn.h"
#include "core/output_pack.h"
#include "worker/gang/launch.h"
#include "worker/gang/plan.h"
#include "worker/gang/rank_end.h"
#include "worker/gang/ranks.h"
#include "worker/os/hardware.h"
#include "worker/os/process_tree.h"
#include "worker/rank/node_check.h"
#include "worker/rank/rank_gpus.h"
#include "worker/rank/rank_output.h"

namespace xorch {

namespace {

constexpr Millis tick_every{500};
// Launchers start the ranks of all nodes within a few seconds. Rank 0 gives up first, so that it is
// the one to say who stayed away.
constexpr Millis lead_patience{30'000};
constexpr Millis follow_patience{45'000};
// What a failure's report shows of the output (design: notifications).
constexpr std::size_t tail_lines = 20;
constexpr std::size_t tail_bytes = 4096;

constexpr std::initializer_list<int> heard_signals{
    SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

int stop_signal_number(const std::string& name) {
    if (name == "TERM") return SIGTERM;
    if (name == "INT") return SIGINT;
    if (name == "USR1") return SIGUSR1;
    if (name == "USR2") return SIGUSR2;
    return 0;
}

struct RankOrder {
    std::string folder;
    std::vector<std::string> argv;
    std::vector<std::string> environment;
};

class RankProcess {
 public:
    RankProcess(RankOrder order, GangPlan plan, RankPlace place)
        : order_(std::move(order)),
          plan_(std::move(plan)),
          place_(std::move(place)),
          parent_(::getppid()) {
        end_.rank = place_.rank;
        end_.node = place_.node;
    }

    Result<void> start();
    int run();

    // Says what kept the rank from running.
    int refuse(const Error& error);

 private:
    Result<void> check();
    Result<std::vector<std::string>> environment();
    void wait_for_events();
    void hear_signals();
    void pass_signal(int signal);
    void reap();
    void look_for_want_of_memory();
    void tick();
    void watch_memory();
    void kill_all();
    int finish();
    void write_end();

    RankOrder order_;
    GangPlan plan_;
    RankPlace place_;
    pid_t parent_;
    std::uint64_t kernel_kills_ = out_of_memory_kills();
    PosixDisk disk_;
    Descriptor signals_;
    RankGpus gpus_;
    std::vector<RankStream> streams_;
    std::string recent_;
    pid_t child_ = 0;
    bool child_ended_ = false;
    bool stop_sent_ = false;
    bool told_to_end_ = false;  // by the launcher: no doing of its own
    Millis next_tick_{0};
    RankEnd end_;
};

Result<void> RankProcess::start() {
    if (auto reaper = become_subreaper(); !reaper) return reaper;
    auto signals = take_signals(heard_signals);
    if (!signals) return tl::unexpected(signals.error());
    signals_ = std::move(*signals);
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (auto checked = check(); !checked) return checked;
    auto told = environment();
    if (!told) return tl::unexpected(told.error());
    const auto program = find_program(order_.argv.front(), *told, "");
    if (!program) return tl::unexpected(program.error());
    auto output = make_pipe();
    if (!output) return tl::unexpected(output.error());
    auto errors = make_pipe();
    if (!errors) return tl::unexpected(errors.error());
    const auto pid = spawn({
        .program = *program,
        .argv = order_.argv,
        .environment = *told,
        .directory = {},
        .output = output->write_end.number(),
        .error_output = errors->write_end.number(),
        .cpus = {},
        .dies_with_parent = true,
    });
    if (!pid) return tl::unexpected(pid.error());
    child_ = *pid;
    const bool is_first = place_.rank == 0;
    const std::string prefix = is_first ? "" : fmt::format("[{}] ", place_.rank);
    streams_.emplace_back(
        std::move(output->read_end), is_first ? STDOUT_FILENO : STDERR_FILENO, prefix
    );
    streams_.emplace_back(std::move(errors->read_end), STDERR_FILENO, prefix);
    if (!is_first) return {};
    // Who leads the gang waits for this.
    auto began = disk_.create(order_.folder + "/" + gang_started_name);
    if (!began) return tl::unexpected(began.error());
    return {};
}

// One rank of each node asks for all of them.
Result<void> RankProcess::check() {
    if (plan_.check_port == 0 || place_.local_rank != 0) return {};
    const Millis patience = place_.rank == 0 ? lead_patience : follow_patience;
    NodeCheck checked = check_nodes(plan_, place_, patience);
    if (checked.passed) return {};
    end_.unfit_node = std::move(checked.unfit_node);
    return fail(ErrorCode::unavailable, "the check of its nodes failed: " + checked.reason);
}

Result<std::vector<std::string>> RankProcess::environment() {
    auto told = without_launcher(order_.environment, plan_.keep_slurm);
    tell_place(told, place_, plan_);
    set_variable(told, rank_variable, std::to_string(place_.rank));
    auto gpus = take_rank_gpus(plan_.gpus, order_.environment);
    if (!gpus) return tl::unexpected(gpus.error());
    gpus_ = std::move(*gpus);
    if (gpus_.visible) set_variable(told, "CUDA_VISIBLE_DEVICES", *gpus_.visible);
    return told;
}

int RankProcess::run() {
    next_tick_ = read_clocks().boot + tick_every;
    while (!child_ended_) {
        wait_for_events();
        hear_signals();
        for (RankStream& stream : streams_)
            stream.pass_on(recent_);
        if (read_clocks().boot >= next_tick_) tick();
    }
    return finish();
}

void RankProcess::wait_for_events() {
    std::array<pollfd, 3> watched{
        pollfd{.fd = signals_.number(),        .events = POLLIN, .revents = 0},
        pollfd{.fd = streams_[0].descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = streams_[1].descriptor(), .events = POLLIN, .revents = 0},
    };
    const Millis left = std::max(next_tick_ - read_clocks().boot, Millis{0});
    ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
}

void RankProcess::hear_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGCHLD) {
            reap();
        } else if (signal != SIGHUP) {
            pass_signal(signal);
        } else if (::getppid() != parent_) {
            // The launcher is gone, and nobody would hear of this rank any more.
            told_to_end_ = true;
            kill_all();
        }
    }
}

void RankProcess::pass_signal(int signal) {
    if (child_ended_) return;
    ::kill(child_, signal);
    if (signal != SIGTERM) return;
    told_to_end_ = true;
    for (const Process& process : descendants_of(::getpid())) {
        if (process.pid != child_) signal_process(process, SIGTERM);
    }
}

void RankProcess::reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != child_) continue;
        child_ended_ = true;
        end_.ended_unix_ms = read_clocks().unix.count();
        if (WIFSIGNALED(status)) {
            end_.signal = WTERMSIG(status);
            look_for_want_of_memory();
        } else {
            end_.exit_code = WEXITSTATUS(status);
        }
    }
}

// The agent that leads the gang sees the cgroup of its own node only.
void RankProcess::look_for_want_of_memory() {
    const bool by_kernel = end_.signal == SIGKILL && out_of_memory_kills() > kernel_kills_;
    if (!by_kernel || !end_.reason.empty()) return;
    end_.out_of_memory = true;
    end_.reason = "the kernel ended it, since memory of its cgroup ran out";
}

void RankProcess::tick() {
    next_tick_ = read_clocks().boot + tick_every;
    const int signal = stop_signal_number(plan_.stop_signal);
    if (signal != 0 && !stop_sent_ && ::access(plan_.stop_file.c_str(), F_OK) == 0) {
        stop_sent_ = true;
        ::kill(child_, signal);
    }
    const std::string terminate = order_.folder + "/" + gang_terminate_name;
    if (!end_.was_asked && ::access(terminate.c_str(), F_OK) == 0) {
        end_.was_asked = true;
        pass_signal(SIGTERM);
    }
    watch_memory();
}

void RankProcess::watch_memory() {
    if (plan_.memory.value == 0) return;
    Bytes used{0};
    for (const Process& process : descendants_of(::getpid()))
        used.value += proportional_memory(process.pid).value_or(process.memory).value;
    if (used <= plan_.memory) return;
    end_.out_of_memory = true;
    end_.reason = fmt::format(
        "it used {} MiB of its {} MiB (resources.memory)",
        used.value >> 20U,
        plan_.memory.value >> 20U
    );
    kill_all();
}

void RankProcess::kill_all() {
    for (const Process& process : descendants_of(::getpid()))
        signal_process(process, SIGKILL);
}

// The program is gone. What it left is ended, so that the pipes end, too.
int RankProcess::finish() {
    for (;;) {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        if (descendants_of(::getpid()).empty()) break;
        kill_all();
        ::poll(nullptr, 0, 1);
    }
    for (RankStream& stream : streams_) {
        while (stream.pass_on(recent_)) {
        }
        stream.flush();
    }
    const bool is_well = end_.signal == 0 && end_.exit_code == 0;
    const bool asks_again = end_.signal == 0 && end_.exit_code == plan_.exit_checkpointed;
    if (is_well || (asks_again && place_.rank != 0)) return 0;
    end_.tail = last_lines(recent_, tail_lines, tail_bytes);
    if (asks_again || end_.was_asked || !told_to_end_) write_end();
    // The launcher would end the others, which may be saving still.
    if (asks_again || end_.was_asked) return 0;
    return end_.signal != 0 ? 128 + end_.signal : end_.exit_code;
}

// A folder that is not there any more needs no end: somebody else ended the gang.
void RankProcess::write_end() {
    const std::string path = order_.folder + "/" + rank_end_name(place_.rank);
    if (auto written = write_file_atomically(disk_, path, format_rank_end(end_)); !written) {
        fmt::print(stderr, "xorch rank: {}\n", written.error().message);
    }
}

int RankProcess::refuse(const Error& error) {
    end_.ended_unix_ms = read_clocks().unix.count();
    end_.exit_code = 127;
    end_.reason = error.message;
    write_end();
    return end_.exit_code;
}

}  // namespace

Result<int> run_rank(const std::string& folder, const std::vector<std::string>& environment) {
    PosixDisk disk;
    const auto text = disk.read(folder + "/" + gang_plan_name);
    if (!text) return fail_with_context(text.error(), "reading the gang's plan");
    auto plan = parse_gang_plan(*text);
    if (!plan) return tl::unexpected(plan.error());
    const auto words = disk.read(folder + "/" + gang_argv_name);
    if (!words) return fail_with_context(words.error(), "reading what the gang executes");
    RankOrder order{.folder = folder, .argv = parse_gang_argv(*words), .environment = environment};
    if (order.argv.empty()) return fail(ErrorCode::corrupted, "the gang executes nothing");
    auto place = find_place(environment, plan->hosts);
    if (!place) return tl::unexpected(place.error());
    RankProcess rank(std::move(order), std::move(*plan), std::move(*place));
    if (auto started = rank.start(); !started) return rank.refuse(started.error());
    return rank.run();
}

}  // namespace xorch
