#include "slurm/queue_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

QueuedJob waiting_job() {
    QueuedJob job;
    job.job.value = 12;
    job.name = "xorch-0123456789-e1a2";
    job.state_word = "PENDING";
    job.state = parse_job_state(job.state_word);
    job.reason = "Dependency \"quoted\"\n";
    job.start = Millis{1'700'000'600'000};
    return job;
}

QueuedJob running_job() {
    QueuedJob job;
    job.job.value = 11;
    job.state_word = "RUNNING";
    job.state = parse_job_state(job.state_word);
    job.nodes = "n[1-3]";
    job.end = Millis{1'700'000'061'000};
    return job;
}

constexpr Millis now{1'700'000'000'000};

TEST(QueueAnswer, ReadsBackWhatItWrote) {
    const QueueAnswer answer{
        .at_unix = now, .jobs = {waiting_job(), running_job()}
    };
    const auto read = parse_queue_answer(format_queue_answer(answer));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, answer);
}

TEST(QueueAnswer, KeepsWhatSlurmDidNotSayAsNull) {
    const QueueAnswer answer{.at_unix = now, .jobs = {running_job()}};
    EXPECT_THAT(format_queue_answer(answer), HasSubstr("\"start_unix_ms\": null"));
}

TEST(QueueAnswer, RefusesWhatIsNotItsOwn) {
    for (const char* text : {"", "{}", "[]", "{\"jobs\": 3}", "{\"jobs\": ["})
        EXPECT_FALSE(parse_queue_answer(text).has_value()) << text;
}

TEST(QueueAnswer, TakesStrangeMembersForUnknown) {
    const auto read = parse_queue_answer("{\"jobs\": [{\"job\": \"x\", \"state\": 3}, 7]}");
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(read->jobs.size(), 2U);
    EXPECT_EQ(read->jobs[0].state.phase, SlurmPhase::unknown);
}

TEST(QueueAnswer, DescribesWhyJobsWaitAndWhenTheyEnd) {
    QueuedJob ended;
    ended.state_word = "TIMEOUT";
    ended.state = parse_job_state(ended.state_word);
    const QueueAnswer answer{
        .at_unix = now, .jobs = {running_job(), waiting_job(), ended}
    };
    EXPECT_THAT(
        describe_jobs(answer, now),
        ElementsAre(
            "  job 11  RUNNING  on n[1-3], ends in 2 min", HasSubstr("expected to start in 10 min")
        )
    );
}

}  // namespace
}  // namespace xorch
