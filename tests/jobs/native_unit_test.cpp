#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "jobs/job.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

namespace fs = std::filesystem;

struct TestHost final : UnitHost {
    bool stop_asked() override { return stop; }

    Millis now() override { return time; }

    void on_published() override { ++published; }

    bool stop = false;
    Millis time{1'000};
    int published = 0;
};

class NativeUnitTest : public testing::Test {
 protected:
    NativeUnitTest() {
        job.name = "fit";
        job.parameters = {
            {.name = "steps", .type = ParameterType::integer, .default_value = Value(5)}
        };
        setup.out = folder.path() + "/out";
        setup.publish = folder.path() + "/publish";
        setup.records = folder.path() + "/records.jsonl";
        setup.seed = 7;
        setup.env_key = "here";
    }

    NativeUnit open() {
        auto unit = NativeUnit::open(job, setup, host);
        EXPECT_TRUE(unit) << unit.error().message;
        return std::move(*unit);
    }

    std::string records() const {
        std::ostringstream text;
        text << std::ifstream(setup.records).rdbuf();
        return std::move(text).str();
    }

    TemporaryDirectory folder;
    TestHost host;
    JobDeclaration job;
    UnitSetup setup;
};

TEST_F(NativeUnitTest, ReadsItsParametersAndInputs) {
    setup.params = R"({"steps": 9})";
    setup.inputs = R"([{"stage":"train","unit":"0a","params":{"lr":0.1},"dir":"/d",)"
                   R"("records":[{"f1":0.5},{"f1":0.75}]}])";
    const NativeUnit unit = open();
    EXPECT_EQ(unit.params().integer("steps"), 9);
    const auto input = unit.input("train");
    ASSERT_TRUE(input);
    EXPECT_EQ((*input)->directory, "/d");
    EXPECT_EQ((*input)->unit, "0a");
    EXPECT_EQ(
        Value((*input)->params),
        Value(Object{
            {"lr", 0.1}
    })
    );
    ASSERT_EQ((*input)->records.size(), 2U);
    EXPECT_EQ(
        Value((*input)->records[1]),
        Value(Object{
            {"f1", 0.75}
    })
    );
    EXPECT_EQ(unit.input("prepare").error().code, ErrorCode::not_found);
}

TEST_F(NativeUnitTest, TwoInputsOfOneStageAreNotOne) {
    setup.inputs = R"([{"stage":"a","unit":"1"},{"stage":"a","unit":"2"}])";
    EXPECT_EQ(open().input("a").error().code, ErrorCode::conflict);
    EXPECT_EQ(open().inputs().size(), 2U);
}

TEST_F(NativeUnitTest, AHopelessInputIsNone) {
    setup.inputs = R"([{"stage":"a","unit":"1","hopeless":true},{"stage":"a","unit":"2"}])";
    const NativeUnit unit = open();
    const auto input = unit.input("a");
    ASSERT_TRUE(input);
    EXPECT_EQ((*input)->unit, "2");
    EXPECT_EQ(unit.inputs().size(), 1U);
}

TEST_F(NativeUnitTest, AppendsRowsAndRefusesNestedOnes) {
    NativeUnit unit = open();
    ASSERT_TRUE(unit.report({
        {"step", 1  },
        {"loss", 0.5}
    }));
    ASSERT_TRUE(unit.report({
        {"step", 2   },
        {"loss", 0.25}
    }));
    EXPECT_FALSE(unit.report({
        {"list", Array{1, 2}}
    }));
    EXPECT_EQ(records(), "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.25}\n");
}

TEST_F(NativeUnitTest, AnArtifactGetsItsFolderAndNothingElseIsMade) {
    NativeUnit unit = open();
    EXPECT_FALSE(fs::exists(setup.out));
    const auto path = unit.artifact("pictures/a.png");
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, setup.out + "/pictures/a.png");
    EXPECT_TRUE(fs::is_directory(setup.out + "/pictures"));
    EXPECT_FALSE(fs::exists(setup.publish));
}

TEST_F(NativeUnitTest, SavesWhenTheTimeHasCome) {
    setup.checkpoint_every = Millis(100);
    NativeUnit unit = open();
    host.time += Millis(99);
    EXPECT_FALSE(unit.should_checkpoint());
    host.time += Millis(1);
    EXPECT_TRUE(unit.should_checkpoint());
    ASSERT_TRUE(unit.checkpoint(1, {}));
    EXPECT_FALSE(unit.should_checkpoint());
    EXPECT_EQ(host.published, 1);
}

TEST_F(NativeUnitTest, SavesWhenItShallStopAlsoIfNeverByTime) {
    setup.checkpoint_every = Millis(0);
    NativeUnit unit = open();
    host.time += Millis(1'000'000);
    EXPECT_FALSE(unit.should_checkpoint());
    EXPECT_FALSE(unit.should_stop());
    host.stop = true;
    EXPECT_TRUE(unit.should_checkpoint());
    EXPECT_TRUE(unit.should_stop());
}

TEST_F(NativeUnitTest, TimeLeftCountsDownToZeroAndIsOpenWithoutADeadline) {
    EXPECT_FALSE(open().time_left());
    setup.stop_before = Millis(1'500);
    NativeUnit unit = open();
    EXPECT_EQ(unit.time_left(), Millis(500));
    host.time = Millis(9'999);
    EXPECT_EQ(unit.time_left(), Millis(0));
}

TEST_F(NativeUnitTest, ResumesItsStateAndCutsBackRowsThatCameLater) {
    NativeUnit first = open();
    EXPECT_FALSE(first.resume()->has_value());
    ASSERT_TRUE(first.report({
        {"step", 1}
    }));
    ASSERT_TRUE(first.checkpoint(1, {.values = {{"step", 1}}}));
    ASSERT_TRUE(first.report({
        {"step", 2}
    }));

    setup.resume = setup.publish + "/step-1";
    setup.env_key = "elsewhere";
    NativeUnit second = open();
    EXPECT_EQ(records(), "{\"step\":1}\n");
    EXPECT_EQ(second.resumed_env_key(), "here");
    const auto state = second.resume();
    ASSERT_TRUE(state && *state);
    EXPECT_EQ((*state)->integer("step").value_or(-1), 1);
}

TEST_F(NativeUnitTest, ACheckpointOfLostRowsIsRefused) {
    NativeUnit unit = open();
    ASSERT_TRUE(unit.report({
        {"step", 1}
    }));
    ASSERT_TRUE(unit.checkpoint(1, {}));
    setup.resume = setup.publish + "/step-1";
    fs::remove(setup.records);
    const auto again = NativeUnit::open(job, setup, host);
    EXPECT_EQ(again.error().code, ErrorCode::corrupted);
    EXPECT_THAT(again.error().message, testing::HasSubstr("records are missing"));
}

TEST_F(NativeUnitTest, AnUnfinishedCheckpointIsNoneAndIsReplaced) {
    fs::create_directories(setup.publish + "/step-3.tmp");
    std::ofstream(setup.publish + "/step-3.tmp/state.json") << "half";
    NativeUnit unit = open();
    ASSERT_TRUE(unit.checkpoint(3, {.values = {{"step", 3}}}));
    EXPECT_FALSE(fs::exists(setup.publish + "/step-3.tmp"));
    setup.resume = setup.publish + "/step-3";
    EXPECT_EQ((*open().resume())->integer("step").value_or(-1), 3);
}

TEST_F(NativeUnitTest, StreamsAreKeyedByTheSeed) {
    EXPECT_EQ(open().stream("a", {1}).bits64(), RandomStream(7, "a", {1}).bits64());
    setup.seed = 8;
    EXPECT_EQ(open().stream("a", {1}).bits64(), RandomStream(8, "a", {1}).bits64());
}

// Ranks that disagree: the other one wants to stop.
struct OtherWantsToStop final : Communicator {
    int rank() const override { return 0; }

    int size() const override { return 2; }

    Result<void> all_reduce_sum(std::span<float> /*values*/) override { return {}; }

    Result<void> all_reduce_sum(std::span<double> /*values*/) override { return {}; }

    Result<void> all_reduce_max(std::span<std::int64_t> values) override {
        for (std::int64_t& value : values)
            value = std::max<std::int64_t>(value, 1);
        return {};
    }

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> /*values*/)
        override {
        return fail(ErrorCode::unavailable, "not asked for");
    }

    Result<void> broadcast(std::span<std::byte> /*bytes*/, int /*root*/) override { return {}; }

    Result<std::vector<std::string>> gather(std::string_view /*bytes*/) override { return {}; }

    Result<void> barrier() override { return {}; }
};

TEST_F(NativeUnitTest, AllRanksStopIfOneDoes) {
    auto unit = NativeUnit::open(job, setup, host, std::make_unique<OtherWantsToStop>());
    ASSERT_TRUE(unit);
    EXPECT_TRUE(unit->should_stop());
}

TEST(SingleRank, HasNobodyToWaitFor) {
    const auto ranks = make_single_rank();
    EXPECT_EQ(ranks->rank(), 0);
    EXPECT_EQ(ranks->size(), 1);
    std::vector<double> values{1, 2};
    EXPECT_TRUE(ranks->all_reduce_sum(std::span<double>(values)));
    EXPECT_THAT(values, testing::ElementsAre(1, 2));
    std::vector<double> later{3};
    const auto sum = ranks->start_all_reduce_sum(later);
    ASSERT_TRUE(sum);
    EXPECT_TRUE((*sum)->wait());
    EXPECT_THAT(*ranks->gather("own"), testing::ElementsAre("own"));
    EXPECT_TRUE(ranks->barrier());
}

}  // namespace
}  // namespace xorch
