#include "coordinator/serve/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "tests/coordinator/serve/fake_agent.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::HasSubstr;

class NotifierTest : public testing::Test {
 protected:
    Notifier make(const std::vector<std::string>& command) {
        settings_.command = command;
        settings_.sweep = "curve";
        settings_.environment = {"PATH=/usr/bin:/bin"};
        return {settings_, [this](std::string_view line) { log_.emplace_back(line); }};
    }

    // Polls until nothing runs any more.
    static bool settle(Notifier& notifier) {
        const Millis end = read_clocks().boot + patience;
        while (!notifier.is_idle()) {
            if (read_clocks().boot > end) return false;
            poll(nullptr, 0, 5);
            notifier.poll(read_clocks());
        }
        return true;
    }

    TemporaryDirectory directory_;
    NotifierSettings settings_;
    std::vector<std::string> log_;
};

TEST_F(NotifierTest, GivesEventSweepAndTextToTheCommandAsTheyAre) {
    const std::string output = directory_ / "said";
    Notifier notifier = make(
        {"/bin/sh",
         "-c",
         "printf '%s|%s|%s' \"$XORCH_EVENT\" \"$XORCH_SWEEP\" \"$XORCH_TEXT\" > " + output}
    );
    notifier.send(read_clocks(), {.event = "done", .text = "all $(rm -rf /) `well`\n\"quoted\""});
    ASSERT_TRUE(settle(notifier));
    PosixDisk disk;
    EXPECT_EQ(disk.read(output).value(), "done|curve|all $(rm -rf /) `well`\n\"quoted\"");
    EXPECT_TRUE(log_.empty());
}

TEST_F(NotifierTest, TellsOneThingAfterTheOther) {
    const std::string output = directory_ / "said";
    const std::string gate = directory_ / "gate";
    // The first to be told waits until the gate is there, which only the test makes.
    Notifier notifier = make(
        {"/bin/sh",
         "-c",
         "if test $XORCH_EVENT = first; then while ! test -e " + gate +
             "; do read x < /dev/null; done; fi; echo $XORCH_EVENT >> " + output}
    );
    notifier.send(read_clocks(), {.event = "first", .text = ""});
    notifier.send(read_clocks(), {.event = "second", .text = ""});
    PosixDisk disk;
    EXPECT_FALSE(disk.exists(output).value());
    ASSERT_TRUE(disk.create(gate));
    ASSERT_TRUE(settle(notifier));
    EXPECT_EQ(disk.read(output).value(), "first\nsecond\n");
}

TEST_F(NotifierTest, LogsACommandThatFailsAndGoesOn) {
    Notifier notifier = make({"/bin/sh", "-c", "exit 4"});
    notifier.send(read_clocks(), {.event = "paused", .text = ""});
    ASSERT_TRUE(settle(notifier));
    EXPECT_THAT(log_, Contains(HasSubstr("exit code 4")));
}

TEST_F(NotifierTest, LogsACommandThatDoesNotExist) {
    Notifier notifier = make({"/nonexistent/notify"});
    notifier.send(read_clocks(), {.event = "paused", .text = ""});
    EXPECT_TRUE(notifier.is_idle());
    EXPECT_THAT(log_, Contains(HasSubstr("/nonexistent/notify")));
}

TEST_F(NotifierTest, EndsACommandThatTakesTooLong) {
    settings_.time_limit = Millis(20);
    Notifier notifier = make({"/bin/sleep", "100"});
    notifier.send(read_clocks(), {.event = "done", .text = ""});
    ASSERT_TRUE(settle(notifier));
    EXPECT_THAT(log_, Contains(HasSubstr("took too long")));
}

TEST_F(NotifierTest, DropsWhatAStuckCommandHoldsUpBeyondALimit) {
    settings_.waiting = 2;
    settings_.time_limit = Millis(0);
    Notifier notifier = make({"/bin/sleep", "100"});
    for (int i = 0; i < 5; ++i) {
        // All at the same moment, before anything is looked at.
        notifier.send(Now{}, {.event = "done", .text = ""});
    }
    EXPECT_THAT(log_, Contains(HasSubstr("dropped")));
    EXPECT_TRUE(settle(notifier));
}

TEST_F(NotifierTest, TellsNobodyWithoutACommand) {
    Notifier notifier = make({});
    notifier.send(read_clocks(), {.event = "done", .text = ""});
    EXPECT_TRUE(notifier.is_idle());
}

}  // namespace
}  // namespace xorch
