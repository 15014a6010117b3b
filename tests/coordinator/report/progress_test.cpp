#include "coordinator/report/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/report/text.h"
#include "tests/coordinator/report/sample_status.h"

namespace xorch {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ResultOf;

ProgressView view_at_now() {
    ProgressView view;
    view.now_unix = sample_status().at_unix;
    return view;
}

TEST(Progress, DrawsABarPerStageAndTheUnitsThatRun) {
    ProgressView view = view_at_now();
    view.left = Millis{65'000};
    EXPECT_THAT(
        progress_lines(sample_status(), view),
        ElementsAre(
            "budget_curve  running  6 of 12 units  about 1 min 05 s left",
            "train  [#########################xxxxx>>>>>>>>>>]  6/8  2 assigned, 1 failed",
            "fuse   [........................................]  0/4  waits for selection best",
            "  train/6  12.3 s  node1  lr=0.1 repeat=3"
        )
    );
}

TEST(Progress, FitsANarrowTerminal) {
    ProgressView view = view_at_now();
    view.width = 40;
    EXPECT_THAT(
        progress_lines(sample_status(), view),
        Each(ResultOf([](const std::string& line) { return display_width(line); }, testing::Le(40U))
        )
    );
}

TEST(Progress, PaintsOnlyWhereAsked) {
    ProgressView view = view_at_now();
    EXPECT_THAT(progress_lines(sample_status(), view), Each(Not(HasSubstr("\x1b"))));
    view.colour = true;
    EXPECT_THAT(progress_lines(sample_status(), view).at(1), HasSubstr("\x1b[32m"));
}

TEST(Progress, ShowsHostileValuesAsText) {
    SweepStatus status = sample_status();
    status.running[0].unit.values = "lr=\x1b[2J\nx=\u202e";
    EXPECT_THAT(progress_lines(status, view_at_now()).back(), HasSubstr("lr=\\x1b[2J\\nx=\\u202e"));
}

TEST(Progress, SaysItInOneLineForAFile) {
    ProgressView view = view_at_now();
    view.left = Millis{65'000};
    EXPECT_EQ(
        progress_line(sample_status(), view),
        "budget_curve: 5 of 12 units done, 2 assigned, 1 failed, about 1 min 05 s left"
    );
    SweepStatus status = sample_status();
    status.phase = SweepPhase::complete;
    EXPECT_THAT(progress_line(status, view), HasSubstr("1 failed, complete"));
}

SweepStatus status_with(std::uint32_t done, std::uint32_t ready) {
    SweepStatus status;
    status.stages.emplace_back().counts = {0, ready, 0, done, 0, 0};
    return status;
}

TEST(Pace, KnowsNothingBeforeAUnitEnded) {
    Pace pace;
    pace.see(Millis{0}, status_with(0, 10));
    pace.see(Millis{1000}, status_with(0, 10));
    EXPECT_EQ(pace.left(), std::nullopt);
}

TEST(Pace, ExtrapolatesTheUnitsThatEnded) {
    Pace pace;
    pace.see(Millis{0}, status_with(0, 10));
    pace.see(Millis{10'000}, status_with(4, 6));
    EXPECT_EQ(pace.left(), Millis{15'000});
}

TEST(Pace, ForgetsWhatIsOlderThanItsWindow) {
    Pace pace;
    pace.see(Millis{0}, status_with(0, 1000));
    pace.see(Millis{600'000}, status_with(900, 100));
    pace.see(Millis{1'200'000}, status_with(910, 90));
    EXPECT_EQ(pace.left(), Millis{5'400'000});
}

TEST(Progress, ShowsTheJobsOfTheBatchSystem) {
    ProgressView view;
    view.jobs = {"  job 12  PENDING  Priority"};
    EXPECT_EQ(progress_lines(sample_status(), view).back(), "  job 12  PENDING  Priority");
    SweepStatus status = sample_status();
    EXPECT_THAT(progress_line(status, view), Not(HasSubstr("job")));
    status.phase = SweepPhase::queued;
    EXPECT_THAT(progress_line(status, view), HasSubstr(", queued:  job 12  PENDING  Priority"));
}

TEST(Pace, StartsAnewAfterARetry) {
    Pace pace;
    pace.see(Millis{0}, status_with(0, 10));
    pace.see(Millis{1000}, status_with(10, 0));
    pace.see(Millis{2000}, status_with(5, 5));
    EXPECT_EQ(pace.left(), std::nullopt);
}

}  // namespace
}  // namespace xorch
