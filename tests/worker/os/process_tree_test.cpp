#include "worker/os/process_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/io/pipe.h"
#include "core/io/spawn.h"

namespace xorch {
namespace {

// A child that says when it is ready by its first line, and ends with the test.
class Child {
 public:
    explicit Child(const std::string& script, std::vector<std::string> environment = {}) {
        environment.emplace_back("PATH=/usr/bin:/bin");
        auto pipe = make_pipe();
        EXPECT_TRUE(pipe);
        const auto started = spawn({
            .program = "/bin/sh",
            .argv = {"sh", "-c", script},
            .environment = std::move(environment),
            .output = pipe->write_end.number()
        });
        EXPECT_TRUE(started) << started.error().message;
        pid_ = *started;
        pipe->write_end = Descriptor();
        std::array<char, 64> line{};
        pollfd ready{pipe->read_end.number(), POLLIN, 0};
        ::poll(&ready, 1, 10'000);
        EXPECT_GT(::read(pipe->read_end.number(), line.data(), line.size()), 0);
        said_ = line.data();
    }

    ~Child() {
        for (const Process& process : descendants_of(pid_))
            signal_process(process, SIGKILL);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const { return pid_; }

    const std::string& said() const { return said_; }

 private:
    pid_t pid_ = 0;
    std::string said_;
};

bool contains(const std::vector<Process>& processes, pid_t pid) {
    return std::any_of(processes.begin(), processes.end(), [&](const Process& process) {
        return process.pid == pid;
    });
}

TEST(ProcessTree, SeesItself) {
    const auto self = look_at(::getpid());
    ASSERT_TRUE(self);
    EXPECT_EQ(self->parent, ::getppid());
    EXPECT_GT(self->memory.value, 1U << 20U);
    EXPECT_EQ(self->state, 'R');
    EXPECT_FALSE(look_at(-5));
}

TEST(ProcessTree, FindsAGrandchildInItsOwnSession) {
    const Child child("setsid sh -c 'echo $$; exec sleep 1000' & wait");
    const pid_t grandchild = static_cast<pid_t>(std::stoi(child.said()));
    EXPECT_TRUE(contains(descendants_of(child.pid()), grandchild));
    EXPECT_TRUE(contains(descendants_of(::getpid()), grandchild));
    EXPECT_EQ(look_at(grandchild)->session, grandchild);
}

TEST(ProcessTree, FindsTheProcessesOfASweepThatAnotherIncarnationStarted) {
    const std::string sweep = "/runs/odd name\xff/" + std::to_string(::getpid());
    const Child child(
        "sleep 1000 & echo ready; wait",
        {"XORCH_SWEEP=" + sweep, "XORCH_INCARNATION=" + format_incarnation({7})}
    );
    EXPECT_TRUE(contains(processes_of_sweep(sweep, {8}), child.pid()));
    EXPECT_EQ(processes_of_sweep(sweep, {8}).size(), 2U);
    EXPECT_TRUE(processes_of_sweep(sweep, {7}).empty());
    EXPECT_TRUE(processes_of_sweep(sweep + "x", {8}).empty());
}

TEST(ProcessTree, DoesNotSignalAnotherProcessOfTheSamePid) {
    const Child child("echo ready; exec sleep 1000");
    auto process = look_at(child.pid());
    ASSERT_TRUE(process);
    EXPECT_TRUE(signal_process(*process, 0));
    ++process->start_time;
    EXPECT_FALSE(signal_process(*process, SIGKILL));
}

TEST(ProcessTree, KnowsWhoHasAFileOpenForWriting) {
    std::string name = "/tmp/xorch-writes-XXXXXX";
    const int file = ::mkstemp(name.data());
    EXPECT_TRUE(writes_to(::getpid(), name));
    ::close(file);
    EXPECT_FALSE(writes_to(::getpid(), name));
    ::unlink(name.c_str());
}

TEST(ProcessTree, MeasuresMemory) {
    const auto memory = proportional_memory(::getpid());
    if (!memory) GTEST_SKIP() << "this kernel has no smaps_rollup";
    EXPECT_GT(memory->value, 100U << 10U);
}

}  // namespace
}  // namespace xorch
