// Worlds of ranks as an agent sees them: one unit each, over the socket of rank 0.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/jobs/runner/gang_launch.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string patient = XORCH_SCRIPTED_RANK " 50000";

class Gang : public testing::Test {
 protected:
    RunUnit unit(const std::string& params, const std::string& resume = "") const {
        std::ofstream(path("params.json")) << params;
        return {
            .serial = 7,
            .id = "unit",
            .job = "sums",
            .params = path("params.json"),
            .out = path("out"),
            .publish = path("checkpoints"),
            .resume = resume,
            .records = path("records.jsonl")};
    }

    std::string path(const std::string& name) const { return folder.path() + "/" + name; }

    std::string newest_checkpoint() const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(path("checkpoints")))
            found.insert(entry.path().string());
        return found.empty() ? "none" : *found.rbegin();
    }

    static std::string text(const std::string& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryDirectory folder;
};

TEST_F(Gang, DoesAUnitOfWhichRankZeroAloneWrites) {
    WorldLaunch gang(patient, 3, folder.path());
    gang.order(unit(R"({"steps": 2})"));
    const auto returned = gang.returned();
    ASSERT_TRUE(returned) << gang.output();
    EXPECT_EQ(returned->outcome, UnitOutcome::done) << returned->message;
    EXPECT_EQ(returned->serial, 7U);
    EXPECT_EQ(returned->env_key, "here");
    EXPECT_GT(returned->memory_peak, std::uint64_t{1} << 20U);
    EXPECT_EQ(gang.exit_code(), 0) << gang.output();
    EXPECT_EQ(text(path("records.jsonl")), "{\"step\":0}\n{\"step\":1}\n");
    EXPECT_EQ(text(path("out/rank.txt")), "rank 0");
}

TEST_F(Gang, StopsAtOneStepAndGoesOnWithOtherNumbersOfRanks) {
    WorldLaunch stopped(patient, 3, folder.path());
    stopped.order(unit(R"({"wait_at": 2, "save_every": 2})"));
    ASSERT_TRUE(stopped.is_published()) << stopped.output();
    stopped.order(StopUnit{7});
    const auto returned = stopped.returned();
    ASSERT_TRUE(returned) << stopped.output();
    EXPECT_EQ(returned->outcome, UnitOutcome::checkpointed) << returned->message;
    const std::string records = text(path("records.jsonl"));
    for (const int ranks : {2, 1}) {
        std::ofstream(path("records.jsonl")) << records;
        WorldLaunch rest(patient, ranks, folder.path());
        rest.order(unit("{}", newest_checkpoint()));
        const auto end = rest.returned();
        ASSERT_TRUE(end) << rest.output();
        EXPECT_EQ(end->outcome, UnitOutcome::done) << end->message;
        EXPECT_EQ(end->remark, "");
        EXPECT_EQ(
            text(path("records.jsonl")),
            "{\"step\":0}\n{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":4}\n"
        );
    }
}

TEST_F(Gang, ARankThatThrowsNamesItself) {
    for (const std::string bad : {"0", "2"}) {
        WorldLaunch gang(patient, 3, folder.path());
        gang.order(unit("{\"bad_rank\": " + bad + "}"));
        const auto returned = gang.returned();
        ASSERT_TRUE(returned) << gang.output();
        EXPECT_EQ(returned->outcome, UnitOutcome::failed);
        EXPECT_THAT(
            returned->message, testing::MatchesRegex("rank " + bad + " on [^ ]+: it went wrong")
        );
        EXPECT_NE(gang.exit_code(), 0);
        fs::remove(path("records.jsonl"));
    }
}

TEST_F(Gang, ARankWithoutMemoryNamesItselfAndTheCause) {
    for (const std::string poor : {"0", "2"}) {
        WorldLaunch gang(patient, 3, folder.path());
        gang.order(unit("{\"bad_rank\": " + poor + R"(, "evil": "eat"})"));
        const auto returned = gang.returned();
        ASSERT_TRUE(returned) << gang.output();
        EXPECT_EQ(returned->outcome, UnitOutcome::out_of_memory);
        EXPECT_THAT(
            returned->message, testing::MatchesRegex("rank " + poor + " on [^ ]+: memory ran out")
        );
        EXPECT_NE(gang.exit_code(), 0);
        fs::remove(path("records.jsonl"));
    }
}

TEST_F(Gang, EndsWithAKilledRank) {
    WorldLaunch gang(patient, 3, folder.path());
    gang.order(unit(R"({"bad_rank": 1, "evil": "die"})"));
    EXPECT_FALSE(gang.returned());
    EXPECT_NE(gang.exit_code(), 0);
}

TEST_F(Gang, EndsOnceItsPatienceWithARankIsOver) {
    WorldLaunch gang(XORCH_SCRIPTED_RANK " 500", 3, folder.path());
    gang.order(unit(R"({"bad_rank": 1, "evil": "hang"})"));
    EXPECT_FALSE(gang.returned());
    EXPECT_NE(gang.exit_code(), 0);
    EXPECT_THAT(gang.output(), HasSubstr("waited too long in all_reduce"));
}

TEST_F(Gang, EndsWithItsAgent) {
    WorldLaunch gang(patient, 2, folder.path());
    gang.order(unit(R"({"wait_at": 1, "save_every": 1})"));
    ASSERT_TRUE(gang.is_published()) << gang.output();
    gang.hang_up();
    EXPECT_NE(gang.exit_code(), 0);
}

TEST_F(Gang, RefusesAJobThatItDoesNotHave) {
    WorldLaunch gang(patient, 2, folder.path());
    RunUnit other = unit("{}");
    other.job = "songs";
    gang.order(other);
    const auto returned = gang.returned();
    ASSERT_TRUE(returned) << gang.output();
    EXPECT_THAT(returned->message, HasSubstr("no job \"songs\""));
}

}  // namespace
}  // namespace xorch
