#include "core/io/process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "core/io/clock.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

// The test's own time limit is ctest's; this only waits for an event.
std::optional<ProcessEnd> wait_for(WatchedProcess& process) {
    pollfd waiting{.fd = process.descriptor(), .events = POLLIN, .revents = 0};
    poll(&waiting, 1, 20'000);
    return process.ended();
}

std::string read_text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(WatchedProcess, TellsItsExitCode) {
    auto process = WatchedProcess::start({
        .argv = {"/bin/sh", "-c", "exit 7"}
    });
    ASSERT_TRUE(process) << process.error().message;
    const auto end = wait_for(*process);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->exit_code, 7);
    EXPECT_EQ(end->signal, 0);
}

TEST(WatchedProcess, TellsTheSignalThatEndedIt) {
    auto process = WatchedProcess::start({
        .argv = {"/bin/sleep", "100"}
    });
    ASSERT_TRUE(process);
    EXPECT_FALSE(process->ended());
    process->send(SIGTERM);
    const auto end = wait_for(*process);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->signal, SIGTERM);
}

TEST(WatchedProcess, CanBeStoppedAlthoughItsParentBlocksSignals) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    auto process = WatchedProcess::start({
        .argv = {"/bin/sleep", "100"}
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(process);
    process->send(SIGTERM);
    EXPECT_TRUE(wait_for(*process));
}

TEST(WatchedProcess, GetsItsEnvironmentAndDirectoryAndNoMore) {
    const TemporaryDirectory directory;
    const std::string output = directory.path() + "/output";
    auto process = WatchedProcess::start({
        .argv = {"/bin/sh", "-c", "echo \"$ONLY-$HOME\"; pwd; ls /proc/self/fd | wc -l"},
        .environment = {"ONLY=this",         "PATH=/usr/bin:/bin"  },
        .directory = directory.path(),
        .output = output,
    });
    ASSERT_TRUE(process);
    ASSERT_TRUE(wait_for(*process));
    // ls itself holds the directory open, and its stdout is the pipe: 0, 1, 2 and one more.
    EXPECT_EQ(read_text(output), "this-\n" + directory.path() + "\n4\n");
}

TEST(WatchedProcess, GetsASessionOfItsOwnOnRequest) {
    auto process = WatchedProcess::start({
        .argv = {"/bin/sleep", "100"},
          .new_session = true
    });
    ASSERT_TRUE(process);
    const auto pid = static_cast<pid_t>(process->name().pid);
    EXPECT_EQ(getsid(pid), pid);
    process->send(SIGKILL);
    EXPECT_TRUE(wait_for(*process));
}

TEST(WatchedProcess, ThatDoesNotExistIsAnError) {
    const auto process = WatchedProcess::start({.argv = {"/nonexistent/program"}});
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, ErrorCode::not_found);
}

TEST(WatchedProcess, OfSomebodyElseIsWatchedUntilItEnds) {
    auto child = WatchedProcess::start({
        .argv = {"/bin/sleep", "100"}
    });
    ASSERT_TRUE(child);
    auto watched = WatchedProcess::watch(child->name());
    ASSERT_TRUE(watched);
    EXPECT_FALSE(watched->ended());
    watched->send(SIGKILL);
    const auto end = wait_for(*watched);
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->known);
    EXPECT_TRUE(wait_for(*child));
}

TEST(WatchedProcess, IsNotTakenForALaterOneWithTheSamePid) {
    auto name = name_this_process();
    ASSERT_TRUE(name);
    EXPECT_TRUE(WatchedProcess::watch(*name));
    name->started += 1;
    const auto watched = WatchedProcess::watch(*name);
    ASSERT_FALSE(watched);
    EXPECT_EQ(watched.error().code, ErrorCode::not_found);
}

TEST(ProcessName, ReadsBackWhatItWrites) {
    const ProcessName name{.pid = 4711, .started = 93820};
    EXPECT_EQ(format_process(name), "4711:93820");
    EXPECT_EQ(parse_process("4711:93820"), name);
    for (const char* junk : {"", ":", "4711", "4711:", ":5", "a:b", "1:2 ", "-1:2", "1:2:3"}) {
        EXPECT_FALSE(parse_process(junk)) << junk;
    }
}

TEST(Clock, RunsForward) {
    const Now first = read_clocks();
    const Now second = read_clocks();
    EXPECT_GE(second.boot, first.boot);
    EXPECT_GT(first.unix.count(), 1'600'000'000'000);
}

}  // namespace
}  // namespace xorch
