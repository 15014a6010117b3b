#include "coordinator/journal/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "coordinator/journal/alive.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "tests/coordinator/journal/journal_fixture.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

Now at(std::int64_t boot_s) {
    return {.boot = Millis(1000 * boot_s), .unix = Millis(0)};
}

JournalEnd held_by(const Holder& holder) {
    return {
        .epoch = EpochNumber{3}, .bytes = 0, .ended = false, .holder = holder, .sweep_hash = ""};
}

HolderWatch watch_living() {
    return HolderWatch({
        .end = held_by(holder_with_pid(1)),
        .self = holder_with_pid(2),
        .process = HolderProcess::elsewhere,
        .silent = Millis(20'000),
    });
}

TEST(HolderWatch, AllowsTheFirstEpoch) {
    HolderWatch watch({.end = {}, .self = holder_with_pid(2)});
    EXPECT_EQ(watch.observe(at(0), {}), Succession::allowed);
}

TEST(HolderWatch, AllowsAfterAnEpochThatEnded) {
    JournalEnd end = held_by(holder_with_pid(1));
    end.ended = true;
    HolderWatch watch({.end = end, .self = holder_with_pid(2)});
    EXPECT_EQ(watch.observe(at(0), 7), Succession::allowed);
}

TEST(HolderWatch, AllowsWhenTheProcessIsGone) {
    HolderWatch watch({
        .end = held_by(holder_with_pid(1)),
        .self = holder_with_pid(2),
        .process = HolderProcess::gone,
    });
    EXPECT_EQ(watch.observe(at(0), 7), Succession::allowed);
}

TEST(HolderWatch, AllowsAProcessToSucceedItself) {
    HolderWatch watch({
        .end = held_by(holder_with_pid(2)),
        .self = holder_with_pid(2),
        .process = HolderProcess::here,
    });
    EXPECT_EQ(watch.observe(at(0), 7), Succession::allowed);
}

TEST(HolderWatch, RefusesOnceTheCounterMoved) {
    HolderWatch watch = watch_living();
    EXPECT_EQ(watch.observe(at(0), 7), Succession::undecided);
    EXPECT_EQ(watch.observe(at(2), 7), Succession::undecided);
    EXPECT_EQ(watch.observe(at(3), 8), Succession::refused);
}

TEST(HolderWatch, AllowsAfterTwentySecondsWithoutABeat) {
    HolderWatch watch = watch_living();
    EXPECT_EQ(watch.observe(at(100), 7), Succession::undecided);
    EXPECT_EQ(watch.observe(at(119), 7), Succession::undecided);
    EXPECT_EQ(watch.observe(at(120), 7), Succession::allowed);
}

TEST(HolderWatch, ACounterThatAppearsIsABeat) {
    HolderWatch watch = watch_living();
    EXPECT_EQ(watch.observe(at(0), {}), Succession::undecided);
    EXPECT_EQ(watch.observe(at(19), 1), Succession::refused);
}

TEST(HolderWatch, AHolderThatNeverBeatMayBeSucceeded) {
    HolderWatch watch = watch_living();
    EXPECT_EQ(watch.observe(at(0), {}), Succession::undecided);
    EXPECT_EQ(watch.observe(at(21), {}), Succession::allowed);
}

TEST(FindHolder, SeesThisProcess) {
    const auto self = this_holder("");
    ASSERT_TRUE(self) << self.error().message;
    EXPECT_EQ(find_holder_process(*self, *self), HolderProcess::here);
}

TEST(FindHolder, IsNotFooledByARecycledPid) {
    const auto self = this_holder("");
    ASSERT_TRUE(self);
    Holder earlier = *self;
    earlier.pid_started -= 1;
    EXPECT_EQ(find_holder_process(earlier, *self), HolderProcess::gone);
}

TEST(FindHolder, CannotSeeIntoAnotherMachine) {
    const auto self = this_holder("");
    ASSERT_TRUE(self);
    Holder other = *self;
    other.machine = "another boot";
    other.pid_started -= 1;
    EXPECT_EQ(find_holder_process(other, *self), HolderProcess::elsewhere);
}

TEST(FindHolder, AKilledProcessIsGoneBeforeAndAfterItIsReaped) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    ASSERT_GT(child, 0);
    const auto self = this_holder("");
    const auto name = name_process(static_cast<std::uint64_t>(child));
    ASSERT_TRUE(self);
    ASSERT_TRUE(name);
    Holder holder = *self;
    holder.pid = name->pid;
    holder.pid_started = name->started;
    EXPECT_EQ(find_holder_process(holder, *self), HolderProcess::here);
    ::kill(child, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    EXPECT_EQ(find_holder_process(holder, *self), HolderProcess::gone);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(find_holder_process(holder, *self), HolderProcess::gone);
}

// A sweep whose holder, pid 1, is watched by pid 2 on a clock of the test's own.
class AwaitSuccession : public testing::Test {
 protected:
    void SetUp() override {
        auto writer = claim_next(disk_, 1);
        ASSERT_TRUE(writer);
    }

    Result<void> await(const std::function<void()>& meanwhile) {
        const auto said = read_journal(disk_);
        EXPECT_TRUE(said);
        const HolderWatch::Question question{
            .end = said->end,
            .self = holder_with_pid(2),
            .process = HolderProcess::elsewhere,
        };
        Now now = at(0);
        const WaitingClock clock{
            .now = [&] { return now; },
            .sleep =
                [&](Millis time) {
                    now.boot += time;
                    meanwhile();
                },
        };
        return await_succession(disk_, layout_, question, clock);
    }

    MemoryDisk disk_;
    SweepLayout layout_{"/sweep"};
};

TEST_F(AwaitSuccession, RefusesAndNamesALivingHolder) {
    auto counter = AliveCounter::open(disk_, layout_.alive(EpochNumber{1}));
    ASSERT_TRUE(counter);
    const auto done = await([&] { EXPECT_TRUE(counter->bump()); });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
    EXPECT_THAT(done.error().message, HasSubstr("process 1 on node1"));
    EXPECT_THAT(done.error().message, HasSubstr("xorch status"));
}

TEST_F(AwaitSuccession, AllowsWhenTheCounterStandsStill) {
    auto counter = AliveCounter::open(disk_, layout_.alive(EpochNumber{1}));
    ASSERT_TRUE(counter);
    ASSERT_TRUE(counter->bump());
    EXPECT_TRUE(await([] {}));
}

TEST_F(AwaitSuccession, GivesWayToAnotherThatWasFaster) {
    const auto done = await([&] {
        auto writer = claim_next(disk_, 3);
        EXPECT_TRUE(writer);
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
}

// Several processes that saw the same end of the journal, on the real disk.
TEST(ClaimRace, HasExactlyOneWinner) {
    constexpr int claimants = 8;
    const TemporaryDirectory directory;
    PosixDisk disk;
    for (std::uint32_t round = 1; round <= 20; ++round) {
        const auto end = replay_journal(
            disk,
            directory.path(),
            [](const FactBatch&, FactLocation) -> Result<void> { return {}; }
        );
        ASSERT_TRUE(end);
        int start[2];
        ASSERT_EQ(::pipe(start), 0);
        std::vector<pid_t> children;
        for (int i = 0; i < claimants; ++i) {
            const pid_t child = ::fork();
            if (child == 0) {
                char byte = 0;
                ::close(start[1]);
                // Returns when the parent closes the other end: all start at once.
                [[maybe_unused]] const ssize_t got = ::read(start[0], &byte, 1);
                const auto writer = JournalWriter::claim(
                    disk, directory.path(), *end, holder_with_pid(7), sweep_hash
                );
                if (writer) ::_exit(0);
                ::_exit(writer.error().code == ErrorCode::conflict ? 1 : 2);
            }
            children.push_back(child);
        }
        ::close(start[0]);
        ::close(start[1]);
        int winners = 0;
        for (const pid_t child : children) {
            int status = 0;
            ::waitpid(child, &status, 0);
            ASSERT_TRUE(WIFEXITED(status));
            ASSERT_LT(WEXITSTATUS(status), 2);
            if (WEXITSTATUS(status) == 0) ++winners;
        }
        EXPECT_EQ(winners, 1);
        EXPECT_EQ(list_segments(disk, directory.path())->size(), round);
    }
}

}  // namespace
}  // namespace xorch
