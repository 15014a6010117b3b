#include "tools/cli/rehearse/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

AttemptSeen done(std::string rows) {
    AttemptSeen seen;
    seen.end.rows = std::move(rows);
    seen.end.ran = Millis{3000};
    seen.checkpoints.push_back({
        .sealed = {.sequence = 1, .step = 1},
          .after_start = Millis{1000            }
    });
    return seen;
}

// A unit that does everything right.
RehearsalSeen flawless() {
    RehearsalSeen seen;
    seen.whole = done("{\"acc\":0.5}\n");
    seen.again = seen.whole;
    seen.stopped = seen.whole;
    seen.stopped->end.cause = Cause::checkpointed;
    seen.stopped->stop_after_start = Millis{1100};
    seen.killed = seen.whole;
    seen.killed->end.cause = Cause::crash;
    seen.killed->given_resume = seen.killed->opened_resume = true;
    seen.resumed = seen.whole;
    seen.resumed->given_resume = seen.resumed->opened_resume = true;
    return seen;
}

std::vector<Mistake> mistakes(const RehearsalSeen& seen) {
    std::vector<Mistake> found;
    for (const RehearsalFinding& finding : judge(Stage{}, seen)) {
        EXPECT_FALSE(finding.what.empty());
        EXPECT_FALSE(finding.remedy.empty());
        found.push_back(finding.mistake);
    }
    return found;
}

std::vector<Mistake> only(Mistake mistake) {
    return {mistake};
}

TEST(Findings, AFlawlessUnitHasNone) {
    EXPECT_THAT(mistakes(flawless()), IsEmpty());
}

TEST(Findings, AFailureShowsItsLastLinesAndHintsAtTheWorkingDirectory) {
    RehearsalSeen seen;
    seen.whole = done("");
    seen.whole.end.cause = Cause::user_error;
    seen.whole.end.tail = "FileNotFoundError: No such file or directory: 'data.csv'";
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::fails);
    EXPECT_THAT(findings[0].what, HasSubstr("data.csv"));
    EXPECT_THAT(findings[0].remedy, HasSubstr("folder"));
}

TEST(Findings, AMissingRecordIsNoCrash) {
    RehearsalSeen seen;
    seen.whole = done("");
    seen.whole.end.cause = Cause::records;
    EXPECT_EQ(mistakes(seen), only(Mistake::missing_record));
}

TEST(Findings, ANanInTheRecordIsNamed) {
    RehearsalSeen seen = flawless();
    for (AttemptSeen* attempt : {&seen.whole, &*seen.again, &*seen.resumed})
        attempt->end.rows = "{\"loss\":NaN}\n";
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::nan_record);
    EXPECT_THAT(findings[0].what, HasSubstr("loss = nan"));
}

TEST(Findings, DifferentRecordsForEqualSeedsAreNamedByColumn) {
    RehearsalSeen seen = flawless();
    seen.again->end.rows = "{\"acc\":0.75}\n";
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::not_reproducible);
    EXPECT_THAT(findings[0].what, HasSubstr("acc = 0.5 and 0.75"));
}

TEST(Findings, ColumnsThatMeasureTimeMayDiffer) {
    RehearsalSeen seen = flawless();
    seen.whole.end.rows = "{\"acc\":0.5,\"train_seconds\":1.5,\"epoch_s\":2}\n";
    seen.again->end.rows = "{\"acc\":0.5,\"train_seconds\":1.6,\"epoch_s\":3}\n";
    seen.resumed->end.rows = seen.again->end.rows;
    EXPECT_THAT(mistakes(seen), IsEmpty());
}

TEST(Findings, AResumeThatOpensNoFileOfTheCheckpointIsFound) {
    RehearsalSeen seen = flawless();
    seen.killed->opened_resume = false;
    EXPECT_EQ(mistakes(seen), only(Mistake::ignores_checkpoint));
}

TEST(Findings, TheFirstResumeIsLookedAtAlsoIfItFollowedTheKill) {
    RehearsalSeen seen = flawless();
    seen.killed->given_resume = seen.killed->opened_resume = false;
    EXPECT_THAT(mistakes(seen), IsEmpty());
    seen.resumed->opened_resume = false;
    EXPECT_EQ(mistakes(seen), only(Mistake::ignores_checkpoint));
}

TEST(Findings, AResumeThatForgetsStateIsFound) {
    RehearsalSeen seen = flawless();
    seen.resumed->end.rows = "{\"acc\":0.51}\n";
    EXPECT_EQ(mistakes(seen), only(Mistake::resumes_differently));
}

TEST(Findings, AnUnseededScriptIsNotAlsoBlamedForItsResume) {
    RehearsalSeen seen = flawless();
    seen.again->end.rows = "{\"acc\":0.75}\n";
    seen.resumed->end.rows = "{\"acc\":0.51}\n";
    EXPECT_EQ(mistakes(seen), only(Mistake::not_reproducible));
}

TEST(Findings, ACheckpointWrittenInPlaceIsFound) {
    RehearsalSeen seen = flawless();
    seen.whole.written_in_place = {"last/weights.bin"};
    EXPECT_EQ(mistakes(seen), only(Mistake::checkpoint_in_place));
}

TEST(Findings, AUnitThatSpeaksForItselfMustLookAtTheStopFile) {
    RehearsalSeen seen = flawless();
    seen.stopped->ended_by_itself = false;
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::ignores_stop);
    EXPECT_TRUE(findings[0].serious);
}

TEST(Findings, AnUnchangedScriptWithCheckpointsNeedNotKnowTheStopFile) {
    RehearsalSeen seen = flawless();
    seen.stopped->ended_by_itself = false;
    Stage stage;
    stage.checkpoints.from = "ckpt/*.pt";
    const auto findings = judge(stage, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::ignores_stop);
    EXPECT_FALSE(findings[0].serious);
}

TEST(Findings, ASaveThatOutlastsTheGraceIsFound) {
    RehearsalSeen seen = flawless();
    seen.stopped->ended_by_itself = false;
    seen.stopped->was_writing_at_term = true;
    EXPECT_EQ(mistakes(seen), only(Mistake::saves_too_slowly));
}

TEST(Findings, AProcessLeftBehindIsNamed) {
    RehearsalSeen seen = flawless();
    seen.whole.left_behind = {"sleep 600"};
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::leaves_processes);
    EXPECT_THAT(findings[0].what, HasSubstr("sleep 600"));
}

TEST(Findings, FilesOutsideTheUnitsDirectoryAreNamed) {
    RehearsalSeen seen = flawless();
    seen.changed_outside = {"results.csv"};
    EXPECT_EQ(mistakes(seen), only(Mistake::writes_outside));
}

TEST(Findings, AUnitWithoutCheckpointsIsOnlyTold) {
    RehearsalSeen seen = flawless();
    seen.whole.checkpoints.clear();
    const auto findings = judge(Stage{}, seen);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mistake, Mistake::no_checkpoint);
    EXPECT_FALSE(findings[0].serious);
}

}  // namespace
}  // namespace xorch
