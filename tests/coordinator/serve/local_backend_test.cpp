#include "coordinator/local_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "tests/coordinator/serve/fake_agent.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Keepers are shell scripts here: what they do is the test's choice.
class LocalBackendTest : public testing::Test {
 protected:
    void SetUp() override {
        PosixDisk disk;
        ASSERT_TRUE(disk.make_directory(layout_.logs()));
        settings_ = {
            .layout = layout_,
            .program = directory_ / "xorch",
            .environment = {"PATH=/usr/bin:/bin", "MARK=yes"},
        };
    }

    void TearDown() override {
        for (const ProcessName& name : started_) {
            if (auto process = WatchedProcess::watch(name)) process->send(SIGKILL);
        }
    }

    void make_program(const std::string& script) const {
        const std::string path = directory_ / "xorch";
        std::ofstream(path) << "#!/bin/sh\n" << script;
        ASSERT_EQ(chmod(path.c_str(), 0700), 0);
    }

    std::unique_ptr<LocalBackend> make() const {
        auto backend = LocalBackend::make(settings_);
        EXPECT_TRUE(backend);
        return std::move(*backend);
    }

    static void start(LocalBackend& backend) {
        backend.carry_out(read_clocks(), StartAllocation{AllocationId{1}, "token"});
    }

    // Events until `done` likes the newest one.
    template <class Kind>
    std::optional<Kind> wait_for(LocalBackend& backend) {
        const Millis end = read_clocks().boot + patience;
        while (read_clocks().boot < end) {
            for (const AllocationEvent& event : backend.poll(read_clocks()))
                note(event);
            for (const AllocationEvent& event : events_) {
                if (const auto* found = std::get_if<Kind>(&event.what)) return *found;
            }
            const Millis wake = std::min(end, backend.next_poll()) - read_clocks().boot;
            pollfd waiting{.fd = backend.descriptor(), .events = POLLIN, .revents = 0};
            poll(&waiting, 1, static_cast<int>(std::max(wake, Millis(0)).count()));
        }
        return std::nullopt;
    }

    // The script said that it runs.
    void wait_until_ready() const {
        PosixDisk disk;
        const Millis end = read_clocks().boot + patience;
        while (read_clocks().boot < end) {
            const auto said = disk.read(layout_.logs() + "/keeper-1.txt");
            if (said && *said == "ready\n") return;
            poll(nullptr, 0, 5);
        }
    }

    void note(const AllocationEvent& event) {
        events_.push_back(event);
        const auto* submitted = std::get_if<AllocationSubmitted>(&event.what);
        const auto name = submitted != nullptr ? parse_process(submitted->job) : std::nullopt;
        if (name) started_.push_back(*name);
    }

    TemporaryDirectory directory_;
    SweepLayout layout_{directory_.path()};
    LocalBackendSettings settings_;
    std::vector<AllocationEvent> events_;
    std::vector<ProcessName> started_;
};

TEST_F(LocalBackendTest, StartsAKeeperAndSaysWhichProcessItIs) {
    make_program("exec sleep 100\n");
    const auto backend = make();
    start(*backend);
    const auto submitted = wait_for<AllocationSubmitted>(*backend);
    ASSERT_TRUE(submitted);
    const auto name = parse_process(submitted->job);
    ASSERT_TRUE(name);
    EXPECT_TRUE(WatchedProcess::watch(*name));
    const auto started = wait_for<AllocationStarted>(*backend);
    ASSERT_TRUE(started);
    EXPECT_EQ(started->end_unix, Millis(0));
}

TEST_F(LocalBackendTest, PassesTheSweepTheAllocationAndItsEnd) {
    make_program("echo \"$@\" \"$MARK\"\n");
    settings_.time = Millis(3'600'000);
    settings_.descriptors = 1024;
    const auto backend = make();
    const Now before = read_clocks();
    start(*backend);
    const auto started = wait_for<AllocationStarted>(*backend);
    ASSERT_TRUE(started);
    EXPECT_GE(started->end_unix, before.unix + settings_.time);
    ASSERT_TRUE(wait_for<AllocationEnded>(*backend));
    PosixDisk disk;
    const auto said = disk.read(layout_.logs() + "/keeper-1.txt");
    ASSERT_TRUE(said);
    EXPECT_THAT(
        *said,
        HasSubstr(
            "keeper --sweep " + directory_.path() +
            " --allocation 1 --descriptors 1024 --end-boot-ms "
        )
    );
    EXPECT_THAT(*said, HasSubstr(" yes\n"));
}

TEST_F(LocalBackendTest, SaysHowAKeeperEnded) {
    make_program("exit 3\n");
    const auto backend = make();
    start(*backend);
    const auto ended = wait_for<AllocationEnded>(*backend);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->allocation, AllocationId{1});
    EXPECT_THAT(ended->reason, HasSubstr("exit code 3"));
}

TEST_F(LocalBackendTest, SaysThatAProgramCannotBeStarted) {
    const auto backend = make();
    start(*backend);
    const auto ended = wait_for<AllocationEnded>(*backend);
    ASSERT_TRUE(ended);
    EXPECT_THAT(ended->reason, HasSubstr("No such file"));
}

TEST_F(LocalBackendTest, EndsAnAllocationWithTerm) {
    make_program("exec sleep 100\n");
    const auto backend = make();
    start(*backend);
    ASSERT_TRUE(wait_for<AllocationStarted>(*backend));
    backend->carry_out(read_clocks(), EndAllocation{AllocationId{1}, "enough"});
    const auto ended = wait_for<AllocationEnded>(*backend);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->reason, "ended on request");
}

TEST_F(LocalBackendTest, KillsAKeeperThatIgnoresTerm) {
    make_program("trap '' TERM\necho ready\nwhile true; do sleep 0.05; done\n");
    settings_.kill_after = Millis(50);
    const auto backend = make();
    start(*backend);
    ASSERT_TRUE(wait_for<AllocationStarted>(*backend));
    wait_until_ready();  // its trap is set
    backend->carry_out(read_clocks(), EndAllocation{AllocationId{1}, "enough"});
    EXPECT_TRUE(wait_for<AllocationEnded>(*backend));
}

TEST_F(LocalBackendTest, EndsAnAllocationThatOutlivesItsEnd) {
    make_program("exec sleep 100\n");
    settings_.time = Millis(1);
    settings_.end_slack = Millis(20);
    const auto backend = make();
    start(*backend);
    const auto ended = wait_for<AllocationEnded>(*backend);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->reason, "time limit");
}

TEST_F(LocalBackendTest, WatchesAKeeperOfAnEarlierEpochAgain) {
    make_program("exec sleep 100\n");
    const auto first = make();
    start(*first);
    const auto submitted = wait_for<AllocationSubmitted>(*first);
    ASSERT_TRUE(submitted);
    const AllocationState left{
        .allocation = AllocationId{1},
        .token = "token",
        .job = submitted->job,
        .end_unix = Millis(0),
        .submitted = true,
        .started = true,
        .ended = false,
    };
    const auto second = make();
    second->take_over(read_clocks(), std::span(&left, 1));
    EXPECT_TRUE(second->poll(read_clocks()).empty());
    second->carry_out(read_clocks(), EndAllocation{AllocationId{1}, "enough"});
    events_.clear();
    EXPECT_TRUE(wait_for<AllocationEnded>(*second));
}

TEST_F(LocalBackendTest, FindsAKeeperThatNobodyWroteDown) {
    // No exec: the script's own arguments stay visible.
    make_program("echo ready\nsleep 100\n");
    const auto first = make();
    start(*first);
    const auto submitted = wait_for<AllocationSubmitted>(*first);
    ASSERT_TRUE(submitted);
    wait_until_ready();
    const AllocationState left{.allocation = AllocationId{1}, .token = "token"};
    const auto second = make();
    events_.clear();
    second->take_over(read_clocks(), std::span(&left, 1));
    const auto found = wait_for<AllocationSubmitted>(*second);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->job, submitted->job);
    // The order comes again and must not start a second one.
    start(*second);
    EXPECT_TRUE(second->poll(read_clocks()).empty());
    second->carry_out(read_clocks(), EndAllocation{AllocationId{1}, "enough"});
    EXPECT_TRUE(wait_for<AllocationEnded>(*second));
}

TEST_F(LocalBackendTest, ReportsTheEndOfAKeeperThatDiedWhileNobodyReigned) {
    const auto backend = make();
    const AllocationState left{
        .allocation = AllocationId{1},
        .token = "token",
        .job = "1:1",
        .end_unix = Millis(0),
        .submitted = true,
        .started = true,
        .ended = false,
    };
    backend->take_over(read_clocks(), std::span(&left, 1));
    EXPECT_TRUE(wait_for<AllocationEnded>(*backend));
}

}  // namespace
}  // namespace xorch
