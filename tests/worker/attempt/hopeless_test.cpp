// A unit whose rows satisfy a [[stop]] rule: it is asked to stop, and keeps the rows that show it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "tests/worker/attempt/harness.h"

namespace xorch {
namespace {

using testing::HasSubstr;

constexpr const char* shown = "{\"step\":1,\"recall\":0.5}\n{\"step\":2,\"recall\":0.0}\n";

void give_up_at_no_recall(AttemptHarness& harness) {
    StopRule rule;
    rule.condition.metric = "recall";
    rule.condition.at_most = 0.0;
    rule.from_step = 2;
    harness.sweep().stops.push_back(rule);
}

// A line of $XORCH_RECORDS.
std::string report(int step, const std::string& recall) {
    return "echo '{{\"step\": " + std::to_string(step) + ", \"recall\": " + recall +
           "}}' >> $XORCH_RECORDS; ";
}

TEST(HopelessAttempt, IsAskedToStopWhileItRuns) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.shell(
        report(1, "0.5") + report(2, "0.0") +
        "while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done; " + report(3, "0.9") +
        "exit 75"
    );
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::hopeless);
    EXPECT_EQ(end.rows, shown) << "what it reported afterwards does not matter";
    EXPECT_THAT(end.message, HasSubstr("recall is at most 0.0 (0.0 at step 2)"));
}

TEST(HopelessAttempt, ThatEndsBeforeAnybodyLooksHasTheSameEnd) {
    for (const char* way : {"exit 0", "exit 75", "exit 1", "kill -9 $$"}) {
        AttemptHarness harness;
        give_up_at_no_recall(harness);
        harness.shell(report(1, "0.5") + report(2, "0.0") + report(3, "0.9") + way);
        const AttemptEnd end = harness.run();
        EXPECT_EQ(end.cause, Cause::hopeless) << way;
        EXPECT_EQ(end.rows, shown) << way;
    }
}

TEST(HopelessAttempt, IsFoundInWhatItPrints) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.stage().records.from.stdout_pattern = "step=(?<step>\\d+) recall=(?<recall>\\S+)";
    harness.shell("echo step=1 recall=0.0; echo step=2 recall=0.0; exit 1");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::hopeless);
    EXPECT_EQ(end.rows, "{\"step\":1,\"recall\":0.0}\n{\"step\":2,\"recall\":0.0}\n");
}

TEST(HopelessAttempt, IsFoundInAFileThatItKeepsItself) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.stage().records.from.csv = "log.csv";
    harness.shell(
        "printf 'step,recall\\n1,0.0\\n2,0.0\\n' > $XORCH_OUT/log.csv; "
        "while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done"
    );
    EXPECT_EQ(harness.run().cause, Cause::hopeless);
}

TEST(HopelessAttempt, IsNotFoundInAFileThatAnotherRunLeft) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.stage().records.from.csv = "log.csv";
    const std::string log = harness.directory() + "/log.csv";
    write_text(log, "step,recall\n2,0.0\n");
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(log, now - std::chrono::minutes(1));
    harness.shell("exit 3");
    EXPECT_EQ(harness.run().cause, Cause::user_error);
}

TEST(HopelessAttempt, ThatWasCancelledIsCancelled) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.shell(
        report(2, "0.0") +
        "echo > ready; while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; "
        "done"
    );
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
    harness.order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::cancelled});
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::cancelled);
}

TEST(HopelessAttempt, IsNotOneWhoseRowsShowHope) {
    AttemptHarness harness;
    give_up_at_no_recall(harness);
    harness.shell(report(1, "0.0") + report(2, "NaN") + report(3, "0.1"));
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_THAT(end.rows, HasSubstr("\"step\":3"));
}

TEST(HopelessInput, LeavesOnlyTheFolderOfTheOtherOne) {
    AttemptHarness harness;
    harness.stage().argv = {"/bin/sh", "-c", "test \"$0\" = /b", "{inputs.train.dir}"};
    Assignment unit = AttemptHarness::assignment(0);
    unit.inputs = R"([{"stage":"train","dir":"/a","hopeless":true},{"stage":"train","dir":"/b"}])";
    harness.start(std::move(unit));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::none) << end.message;
}

}  // namespace
}  // namespace xorch
