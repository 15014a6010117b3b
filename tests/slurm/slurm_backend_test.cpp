#include "slurm/slurm_backend.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <limits>

#include "slurm/job_script.h"
#include "tests/slurm/fake_slurm.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Millis never{std::numeric_limits<std::int64_t>::max()};
constexpr const char* directory = "/runs/a";
constexpr AllocationId first{1};
constexpr AllocationId second{2};

std::string name_of_job(const std::string& token) {
    return slurm_job_name(directory, token);
}

// A row of squeue; `end` in seconds since 1970.
std::string row(int job, const std::string& state, const std::string& token, int end = 5'000) {
    return fmt::format(
        "{}|{}|1000|{}|1:00:00|n1|n1|{}|None\n", job, state, end, name_of_job(token)
    );
}

// The backend before fakes, under a clock of the test's own.
class SlurmBackendTest : public testing::Test {
 protected:
    void make() {
        auto made = SlurmBackend::make(settings());
        ASSERT_TRUE(made) << made.error().message;
        backend = std::move(*made);
    }

    SlurmBackendSettings settings() {
        SlurmBackendSettings result;
        result.directory = directory;
        result.options.time = 1h;
        result.environment = fake.environment();
        result.command_time = command_time;
        result.log = [this](std::string_view line) { logged.emplace_back(line); };
        return result;
    }

    StartAllocation order(AllocationId id) const {
        return {.allocation = id, .token = fmt::format("e1a{}", id.value)};
    }

    // What the next command to end lets the backend say.
    std::vector<AllocationEvent> answered() {
        pollfd waiting{.fd = backend->descriptor(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&waiting, 1, 30'000), 1) << "no command ended";
        return backend->poll(now);
    }

    std::vector<AllocationEvent> asked_after(Millis passed) {
        now.boot += passed;
        now.unix += passed;
        EXPECT_THAT(backend->poll(now), IsEmpty());
        return answered();
    }

    // Submitted as job 7, and the first look at the queue is over.
    void submit_first() {
        fake.answer("sbatch", {.output = "7\n"});
        fake.answer("squeue", {.output = row(7, "PENDING", "e1a1")});
        backend->carry_out(now, order(first));
        ASSERT_THAT(answered(), SizeIs(1));
        ASSERT_THAT(answered(), IsEmpty());
    }

    FakeSlurm fake;
    Millis command_time{30s};
    Now now{.boot = 1h, .unix = 1'000s};
    std::vector<std::string> logged;
    std::unique_ptr<SlurmBackend> backend;
};

template <class What>
std::vector<What> only(const std::vector<AllocationEvent>& events) {
    std::vector<What> found;
    for (const AllocationEvent& event : events) {
        const auto* what = std::get_if<What>(&event.what);
        EXPECT_NE(what, nullptr) << "an event of another kind";
        if (what != nullptr) found.push_back(*what);
    }
    return found;
}

void expect_ended(const std::vector<AllocationEvent>& events, const std::string& reason) {
    const auto ended = only<AllocationEnded>(events);
    ASSERT_THAT(ended, SizeIs(1));
    EXPECT_EQ(ended[0].allocation, first);
    EXPECT_THAT(ended[0].reason, HasSubstr(reason));
}

void expect_submitted(const std::vector<AllocationEvent>& events, const std::string& job) {
    const auto submitted = only<AllocationSubmitted>(events);
    ASSERT_THAT(submitted, SizeIs(1));
    EXPECT_EQ(submitted[0].allocation, first);
    EXPECT_EQ(submitted[0].job, job);
}

TEST_F(SlurmBackendTest, SubmitsTheConstantScriptBehindTheJobBefore) {
    make();
    fake.answer("sbatch", {.output = "8\n"});
    StartAllocation behind = order(second);
    behind.after_job = "7";
    behind.avoid_nodes = {"n3"};
    backend->carry_out(now, behind);
    const auto submitted = only<AllocationSubmitted>(answered());
    ASSERT_THAT(submitted, SizeIs(1));
    EXPECT_EQ(submitted[0].allocation, second);
    EXPECT_EQ(submitted[0].job, "8");
    EXPECT_EQ(fake.input("sbatch"), job_script);
    EXPECT_THAT(
        fake.argv("sbatch"),
        ElementsAre(
            "--job-name=" + name_of_job("e1a2"),
            "--chdir=/runs/a",
            "--output=logs/allocation-2.txt",
            "--parsable",
            "--no-requeue",
            "--open-mode=append",
            "--signal=B:USR2@60",
            "--export=ALL",
            "--nodes=1",
            "--ntasks-per-node=1",
            "--time=01:00:00",
            "--dependency=afterany:7",
            "--exclude=n3"
        )
    );
}

TEST_F(SlurmBackendTest, ALimitIsARefusalForNow) {
    make();
    fake.answer(
        "sbatch",
        {.error_output = "sbatch: error: Batch job submission failed: Job violates accounting/QOS "
                         "policy (job submit limit)\n",
         .exit_code = 1}
    );
    backend->carry_out(now, order(first));
    const auto refused = only<AllocationRefused>(answered());
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_FALSE(refused[0].for_good);
    EXPECT_THAT(refused[0].reason, HasSubstr("QOS policy"));
    EXPECT_EQ(backend->next_poll(), never) << "nothing is left to ask about";
}

TEST_F(SlurmBackendTest, AWrongRequestIsRefusedForGood) {
    make();
    fake.answer(
        "sbatch",
        {.error_output = "sbatch: error: invalid partition specified: nope\n", .exit_code = 1}
    );
    backend->carry_out(now, order(first));
    const auto refused = only<AllocationRefused>(answered());
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_TRUE(refused[0].for_good);
}

TEST_F(SlurmBackendTest, ANodeWhoseNameCouldBeAnOptionReachesNoCommand) {
    make();
    StartAllocation hostile = order(first);
    hostile.avoid_nodes = {"--wrap=reboot"};
    backend->carry_out(now, hostile);
    EXPECT_EQ(backend->next_poll(), 0ms);
    const auto refused = only<AllocationRefused>(backend->poll(now));
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_TRUE(refused[0].for_good);
    EXPECT_EQ(fake.calls("sbatch"), 0U);
}

TEST_F(SlurmBackendTest, ASubmissionThatHangsIsNoRefusal) {
    command_time = 200ms;
    make();
    fake.hold("sbatch");
    backend->carry_out(now, order(first));
    EXPECT_THAT(answered(), IsEmpty()) << "nobody knows what it did";
    EXPECT_THAT(logged, Contains(HasSubstr("not known")));
}

TEST_F(SlurmBackendTest, AGarbledAnswerOfSbatchIsNoRefusal) {
    make();
    fake.answer("sbatch", {.output = "Submitted, I think\n"});
    fake.answer("squeue", {.output = row(9, "PENDING", "e1a1")});
    backend->carry_out(now, order(first));
    EXPECT_THAT(answered(), IsEmpty());
    expect_submitted(answered(), "9");
    EXPECT_EQ(fake.calls("sbatch"), 1U);
}

TEST_F(SlurmBackendTest, AnIntentOfADeadEpochIsFoundByItsName) {
    make();
    const std::vector<AllocationState> left{
        {.allocation = first, .token = "e1a1"}
    };
    fake.answer("squeue", {.output = row(12, "RUNNING", "e1a1")});
    backend->take_over(now, left);
    backend->carry_out(now, order(first));
    EXPECT_THAT(backend->poll(now), IsEmpty());
    const auto events = answered();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(std::get<AllocationSubmitted>(events[0].what).job, "12");
    EXPECT_EQ(std::get<AllocationStarted>(events[1].what).end_unix, 5'000s);
    EXPECT_EQ(fake.calls("sbatch"), 0U);
    EXPECT_THAT(fake.argv("squeue"), Contains("--name=" + name_of_job("e1a1")));
    EXPECT_THAT(fake.argv("squeue"), Contains(fmt::format("--user={}", ::geteuid())));
}

TEST_F(SlurmBackendTest, AnIntentIsSubmittedAgainOnlyIfTheQueueDidNotNameItTwice) {
    make();
    const std::vector<AllocationState> left{
        {.allocation = first, .token = "e1a1"}
    };
    fake.answer("sbatch", {.output = "13\n"});
    StartAllocation behind = order(first);
    behind.after_job = "5";
    backend->take_over(now, left);
    backend->carry_out(now, behind);
    EXPECT_THAT(asked_after(0s), IsEmpty());
    EXPECT_EQ(fake.calls("sbatch"), 0U);
    EXPECT_THAT(asked_after(60s), IsEmpty());
    expect_submitted(answered(), "13");
    EXPECT_THAT(fake.argv("sbatch"), Contains("--dependency=afterany:5"));
    EXPECT_EQ(fake.calls("squeue"), 2U);
}

TEST_F(SlurmBackendTest, AnIntentThatTheJournalSawStartIsNeverSubmittedAgain) {
    make();
    const std::vector<AllocationState> left{
        {.allocation = first, .token = "e1a1", .started = true}
    };
    backend->take_over(now, left);
    EXPECT_THAT(asked_after(0s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    expect_ended(asked_after(60s), std::string(reason_forgotten));
    EXPECT_EQ(fake.calls("sbatch"), 0U);
}

TEST_F(SlurmBackendTest, ASubmissionThatTheLastEpochCouldNotWriteDownIsToldAgain) {
    make();
    submit_first();
    const std::vector<AllocationState> left{
        {.allocation = first, .token = "e1a1"}
    };
    backend->take_over(now, left);
    backend->carry_out(now, order(first));
    EXPECT_EQ(backend->next_poll(), 0ms);
    expect_submitted(backend->poll(now), "7");
    EXPECT_EQ(fake.calls("sbatch"), 1U);
}

TEST_F(SlurmBackendTest, TellsTheEndAtEachLookAndAnUnlimitedOneAsZero) {
    make();
    submit_first();
    fake.answer("squeue", {.output = row(7, "RUNNING", "e1a1")});
    const auto started = only<AllocationStarted>(asked_after(60s));
    ASSERT_THAT(started, SizeIs(1));
    EXPECT_EQ(started[0].end_unix, 5'000s);
    EXPECT_EQ(started[0].began_unix, 1'000s);
    fake.answer("squeue", {.output = row(7, "RUNNING", "e1a1", 9'000)});
    const auto moved = only<AllocationStarted>(asked_after(60s));
    ASSERT_THAT(moved, SizeIs(1));
    EXPECT_EQ(moved[0].end_unix, 9'000s);
    fake.answer(
        "squeue",
        {.output =
             fmt::format("7|RUNNING|1000|NONE|UNLIMITED|n1|n1|{}|None\n", name_of_job("e1a1"))}
    );
    const auto endless = only<AllocationStarted>(asked_after(60s));
    ASSERT_THAT(endless, SizeIs(1));
    EXPECT_EQ(endless[0].end_unix, 0s);
}

TEST_F(SlurmBackendTest, TellsHowAJobEndedAndForgetsIt) {
    make();
    submit_first();
    fake.answer("squeue", {.output = row(7, "TIMEOUT", "e1a1")});
    expect_ended(asked_after(60s), "time limit");
    EXPECT_EQ(backend->next_poll(), never);
}

TEST_F(SlurmBackendTest, AStateThatNobodyKnowsDecidesNothing) {
    make();
    submit_first();
    fake.answer("squeue", {.output = row(7, "LEVITATING", "e1a1")});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_EQ(backend->next_poll(), now.boot + 60s);
}

TEST_F(SlurmBackendTest, ARowOfAnotherJobWithItsNameIsNotIt) {
    make();
    submit_first();
    fake.answer("squeue", {.output = row(6, "FAILED", "e1a1") + row(7, "PENDING", "e1a1")});
    EXPECT_THAT(asked_after(60s), IsEmpty());
}

TEST_F(SlurmBackendTest, AJobIsForgottenOnlyAfterThreeAnswersInARowThatDoNotNameIt) {
    make();
    submit_first();
    fake.answer("squeue", {});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    fake.answer("squeue", {.output = row(7, "PENDING", "e1a1")});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    fake.answer("squeue", {});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    fake.answer("squeue", {.error_output = "slurm_load_jobs error", .exit_code = 1});
    EXPECT_THAT(asked_after(60s), IsEmpty()) << "no answer is not an answer";
    fake.answer("squeue", {});
    expect_ended(asked_after(120s), std::string(reason_forgotten));
    expect_ended(asked_after(60s), std::string(reason_forgotten));
}

TEST_F(SlurmBackendTest, AForgottenJobThatWasGivenUpIsCancelledAndNotAskedAboutAgain) {
    make();
    submit_first();
    fake.answer("squeue", {});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    expect_ended(asked_after(60s), std::string(reason_forgotten));
    fake.answer(
        "scancel",
        {.error_output = "scancel: error: Kill job error on job id 7: Invalid job id specified\n",
         .exit_code = 1}
    );
    backend->carry_out(now, EndAllocation{.allocation = first, .reason = "forgotten"});
    expect_ended(answered(), "cancelled");
    EXPECT_EQ(backend->next_poll(), never);
}

TEST_F(SlurmBackendTest, ACancellationThatFailedIsTriedAgainWhateverTheQueueNames) {
    make();
    submit_first();
    fake.answer("scancel", {.error_output = "Unable to contact slurm controller", .exit_code = 1});
    fake.answer("squeue", {});
    backend->carry_out(now, EndAllocation{.allocation = first, .reason = "not needed"});
    EXPECT_THAT(answered(), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(answered(), IsEmpty());
    EXPECT_EQ(fake.calls("scancel"), 2U);
    fake.answer("squeue", {.output = row(7, "PENDING", "e1a1")});
    fake.answer("scancel", {});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    expect_ended(answered(), "cancelled");
    EXPECT_EQ(fake.argv("scancel"), std::vector<std::string>{"7"});
}

TEST_F(SlurmBackendTest, OneThatIsNeitherNamedNorCancelledIsGivenUp) {
    make();
    submit_first();
    fake.answer("scancel", {.error_output = "scancel: error: no mood", .exit_code = 1});
    fake.answer("squeue", {});
    backend->carry_out(now, EndAllocation{.allocation = first, .reason = "not needed"});
    EXPECT_THAT(answered(), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(answered(), IsEmpty());
    EXPECT_THAT(asked_after(60s), IsEmpty());
    EXPECT_THAT(answered(), IsEmpty());
    expect_ended(asked_after(60s), std::string(reason_forgotten));
    EXPECT_EQ(backend->next_poll(), never);
}

TEST_F(SlurmBackendTest, AnUnwantedSubmissionIsCancelledAsSoonAsItsNumberIsKnown) {
    make();
    fake.hold("sbatch");
    fake.answer("sbatch", {.output = "7\n"});
    backend->carry_out(now, order(first));
    backend->carry_out(now, EndAllocation{.allocation = first, .reason = "not needed"});
    EXPECT_EQ(fake.calls("scancel"), 0U);
    fake.release("sbatch");
    EXPECT_THAT(answered(), IsEmpty()) << "nobody waits for its number";
    expect_ended(answered(), "cancelled");
    EXPECT_EQ(fake.argv("scancel"), std::vector<std::string>{"7"});
}

TEST_F(SlurmBackendTest, ARunningJobThatWasToldToEndHasEndedWhenItsAgentsHadTimeToLeave) {
    make();
    submit_first();
    fake.answer("squeue", {.output = row(7, "RUNNING", "e1a1")});
    ASSERT_THAT(asked_after(60s), SizeIs(1));
    backend->carry_out(
        now, EndAllocation{.allocation = first, .reason = "complete", .started = true}
    );
    EXPECT_EQ(backend->next_poll(), now.boot + 5s);
    now.boot += 4'999ms;
    EXPECT_THAT(backend->poll(now), IsEmpty());
    now.boot += 1ms;
    expect_ended(backend->poll(now), "on request");
    EXPECT_EQ(fake.calls("scancel"), 0U) << "its units may be writing checkpoints";
    EXPECT_EQ(backend->next_poll(), never);
}

TEST_F(SlurmBackendTest, AsksOncePerMinuteAboutAllJobsTogether) {
    make();
    fake.answer("sbatch", {.error_output = "not responding", .exit_code = 1});
    constexpr unsigned jobs = 20;
    std::string rows;
    for (unsigned i = 1; i <= jobs; ++i) {
        backend->carry_out(now, order(AllocationId{i}));
        rows += row(static_cast<int>(i), "PENDING", fmt::format("e1a{}", i));
    }
    fake.answer("squeue", {.output = rows});
    std::size_t found = 0;
    while (found < jobs)
        found += answered().size();
    EXPECT_EQ(fake.calls("squeue"), 1U);
    for (int second_passed = 1; second_passed < 60; ++second_passed) {
        now.boot += 1s;
        EXPECT_THAT(backend->poll(now), IsEmpty());
        EXPECT_EQ(backend->next_poll(), now.boot + 60s - second_passed * 1s);
    }
    EXPECT_THAT(asked_after(1s), IsEmpty());
    EXPECT_EQ(fake.calls("squeue"), 2U);
    backend.reset();
    EXPECT_EQ(fake.calls("squeue"), 2U);
}

TEST_F(SlurmBackendTest, ANewEpochOfTheSameProcessAsksNoMoreOften) {
    make();
    submit_first();
    const std::vector<AllocationState> left{
        {.allocation = first, .token = "e1a1", .job = "7", .submitted = true}
    };
    now.boot += 1s;
    backend->take_over(now, left);
    EXPECT_THAT(backend->poll(now), IsEmpty());
    EXPECT_EQ(backend->next_poll(), now.boot + 59s);
}

TEST_F(SlurmBackendTest, AsksLessAndLessOftenWhileNobodyAnswers) {
    make();
    submit_first();
    fake.answer("squeue", {.output = "garbage\n"});
    EXPECT_THAT(asked_after(60s), IsEmpty());
    for (const Millis pause : {Millis(120s), Millis(240s), Millis(300s), Millis(300s)}) {
        EXPECT_EQ(backend->next_poll(), now.boot + pause);
        EXPECT_THAT(asked_after(pause), IsEmpty());
    }
    fake.answer("squeue", {.output = row(7, "PENDING", "e1a1")});
    EXPECT_THAT(asked_after(300s), IsEmpty());
    EXPECT_EQ(backend->next_poll(), now.boot + 60s);
    EXPECT_THAT(logged, Contains(HasSubstr("garbage")));
}

TEST_F(SlurmBackendTest, AHangingQueueIsNotAskedASecondTimeMeanwhile) {
    make();
    submit_first();
    fake.hold("squeue");
    now.boot += 60s;
    EXPECT_THAT(backend->poll(now), IsEmpty());
    EXPECT_EQ(backend->next_poll(), never) << "its descriptor wakes us";
    now.boot += 1h;
    EXPECT_THAT(backend->poll(now), IsEmpty());
    fake.release("squeue");
    EXPECT_THAT(answered(), IsEmpty());
    EXPECT_EQ(backend->next_poll(), now.boot + 60s);
    EXPECT_EQ(fake.calls("squeue"), 2U);
}

TEST(SlurmJobName, TellsWhoseAJobIs) {
    const std::string name = slurm_job_name("/runs/a", "e1a1");
    EXPECT_EQ(token_of_job_name("/runs/a", name), "e1a1");
    EXPECT_EQ(token_of_job_name("/runs/b", name), "");
    EXPECT_EQ(token_of_job_name("/runs/a", "sleep"), "");
    EXPECT_THAT(name, Not(HasSubstr("/")));
}

}  // namespace
}  // namespace xorch
