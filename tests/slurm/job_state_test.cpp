#include "slurm/job_state.h"

#include <gtest/gtest.h>

#include "slurm/job_id.h"
#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

SlurmPhase phase(std::string_view word) {
    return parse_job_state(word).phase;
}

std::optional<SlurmEnd> end(std::string_view word) {
    const SlurmJobState state = parse_job_state(word);
    return state.phase == SlurmPhase::ended ? state.end : std::nullopt;
}

TEST(SlurmJobState, EachBaseMeansOnePhase) {
    EXPECT_EQ(phase("PENDING"), SlurmPhase::waiting);
    EXPECT_EQ(phase("RUNNING"), SlurmPhase::running);
    EXPECT_EQ(phase("SUSPENDED"), SlurmPhase::running);
    EXPECT_EQ(end("COMPLETED"), SlurmEnd::complete);
    EXPECT_EQ(end("FAILED"), SlurmEnd::failed);
    EXPECT_EQ(end("OUT_OF_MEMORY"), SlurmEnd::memory);
    EXPECT_EQ(end("TIMEOUT"), SlurmEnd::time_limit);
    EXPECT_EQ(end("DEADLINE"), SlurmEnd::time_limit);
    EXPECT_EQ(end("CANCELLED"), SlurmEnd::cancelled);
    EXPECT_EQ(end("REVOKED"), SlurmEnd::cancelled);
    EXPECT_EQ(end("NODE_FAIL"), SlurmEnd::node_failure);
    EXPECT_EQ(end("BOOT_FAIL"), SlurmEnd::node_failure);
    EXPECT_EQ(end("PREEMPTED"), SlurmEnd::preempted);
}

TEST(SlurmJobState, AFlagAloneSaysWhatGoesOn) {
    EXPECT_EQ(phase("COMPLETING"), SlurmPhase::stopping);
    EXPECT_EQ(phase("STAGE_OUT"), SlurmPhase::stopping);
    EXPECT_EQ(phase("CONFIGURING"), SlurmPhase::waiting);
    EXPECT_EQ(phase("RESIZING"), SlurmPhase::running);
    EXPECT_EQ(phase("SIGNALING"), SlurmPhase::running);
    EXPECT_EQ(phase("STOPPED"), SlurmPhase::running);
    for (const char* word :
         {"REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}) {
        EXPECT_EQ(phase(word), SlurmPhase::waiting) << word;
    }
}

TEST(SlurmJobState, ShortNamesMeanTheSame) {
    EXPECT_EQ(parse_job_state("PD"), parse_job_state("PENDING"));
    EXPECT_EQ(parse_job_state("CG"), parse_job_state("COMPLETING"));
    EXPECT_EQ(parse_job_state("S"), parse_job_state("SUSPENDED"));
    EXPECT_EQ(parse_job_state("ST"), parse_job_state("STOPPED"));
    EXPECT_EQ(parse_job_state("OOM"), parse_job_state("OUT_OF_MEMORY"));
}

TEST(SlurmJobState, AnUnknownWordIsUnknownAndNeverFailed) {
    for (const char* word :
         {"",
          " ",
          "LAUNCH_FAILED",
          "running",
          "COMPLETE",
          "FAILED_SOMEHOW",
          "TIMEOUT,NEW_FLAG",
          ","}) {
        EXPECT_EQ(parse_job_state(word), SlurmJobState{}) << word;
    }
}

TEST(SlurmJobState, ABaseWithFlagsIsWhatStillGoesOn) {
    const SlurmJobState cleaning{SlurmPhase::stopping, SlurmEnd::time_limit};
    EXPECT_EQ(parse_job_state("TIMEOUT,COMPLETING"), cleaning);
    EXPECT_EQ(parse_job_state("COMPLETING+TIMEOUT"), cleaning);
    const SlurmJobState again{SlurmPhase::waiting, std::nullopt};
    EXPECT_EQ(parse_job_state("NODE_FAIL,REQUEUED"), again);
    EXPECT_EQ(phase("RUNNING,RESIZING"), SlurmPhase::running);
}

TEST(SlurmJobState, WhoCancelledAndACutColumnChangeNothing) {
    EXPECT_EQ(end("CANCELLED by 1000"), SlurmEnd::cancelled);
    EXPECT_EQ(end("CANCELLED+"), SlurmEnd::cancelled);
    EXPECT_EQ(end(" TIMEOUT\n"), SlurmEnd::time_limit);
}

TEST(SlurmJobState, KnownStopsSayNothingAboutWhatRan) {
    for (const char* word :
         {"NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "TIMEOUT", "DEADLINE", "CANCELLED", "REVOKED"}) {
        EXPECT_TRUE(is_known_stop(*end(word))) << word;
    }
    for (const char* word : {"COMPLETED", "FAILED", "OUT_OF_MEMORY"}) {
        EXPECT_FALSE(is_known_stop(*end(word))) << word;
    }
}

TEST(SlurmJobState, GarbageIsUnknownUnlessItIsMadeOfStates) {
    const RandomText garbage({"RUNNING", "TIMEOUT", ",", "+", "CANCELLED by ", "CG", " ", "0"});
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const SlurmJobState state = parse_job_state(text);
        const bool has_end = state.phase == SlurmPhase::ended;
        EXPECT_TRUE(!has_end || state.end) << text;
        EXPECT_TRUE(state.phase != SlurmPhase::unknown || !state.end) << text;
    }
}

TEST(SlurmJobId, TasksAndComponentsBelongToTheirJob) {
    EXPECT_EQ(parse_job_id("123"), SlurmJobId{123});
    EXPECT_EQ(parse_job_id("123_4"), SlurmJobId{123});
    EXPECT_EQ(parse_job_id("123_[1-4]"), SlurmJobId{123});
    EXPECT_EQ(parse_job_id("123+1\n"), SlurmJobId{123});
    for (const char* text : {"", "0", "-1", "x", "12x", "12 13", "4294967296", "_1"}) {
        EXPECT_FALSE(parse_job_id(text)) << text;
    }
}

}  // namespace
}  // namespace xorch
