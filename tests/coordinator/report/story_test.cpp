#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/journal/claim.h"
#include "coordinator/report/attempts.h"
#include "coordinator/report/examination.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/unit_finder.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

UnitGivenBack given_back(const SampleSweep& sample, std::uint32_t index, std::uint32_t attempt) {
    UnitGivenBack back;
    back.unit = sample.key(index);
    back.attempt = AttemptNumber{attempt};
    back.end = sample.end(Cause::crash);
    back.end.signal = 11;
    return back;
}

TEST(UnitFinder, TakesAPlaceAnIdOrValues) {
    SampleSweep sample;
    const SweepReader sweep = sample.read();
    const auto find = [&](std::vector<std::string> words) {
        return find_units(sweep.plan(), words);
    };
    EXPECT_THAT(*find({"train/4"}), ElementsAre(sample.key(4)));
    EXPECT_THAT(
        *find({format_unit_id(sweep.plan().id(sample.key(2))).substr(0, 10)}),
        ElementsAre(sample.key(2))
    );
    EXPECT_THAT(*find({"lr=0.01"}), ElementsAre(sample.key(3), sample.key(4), sample.key(5)));
    EXPECT_THAT(*find({"lr=0.01", "repeat=1"}), ElementsAre(sample.key(4)));
    EXPECT_THAT(*find({}), SizeIs(6));
}

TEST(UnitFinder, NamesWhatItDoesNotKnow) {
    SampleSweep sample;
    const SweepReader sweep = sample.read();
    for (const char* word : {"train/6", "test/0", "lr=7", "abc", "nothing"}) {
        const auto found = find_units(sweep.plan(), {word});
        ASSERT_FALSE(found) << word;
        EXPECT_EQ(found.error().code, ErrorCode::not_found);
        EXPECT_THAT(found.error().message, HasSubstr(word));
    }
}

TEST(Attempts, AreReadInTheOrderInWhichTheyEnded) {
    SampleSweep sample;
    sample.assign(1, 1);
    sample.write({given_back(sample, 1, 1)});
    sample.finish(0, "{\"loss\": 1}\n");
    sample.assign(1, 2);
    sample.write({given_back(sample, 1, 2)});
    const SweepReader sweep = sample.read();
    const auto of_one = read_attempts(sweep, {sample.key(1)}, 1);
    ASSERT_TRUE(of_one);
    ASSERT_THAT(*of_one, SizeIs(2));
    EXPECT_EQ((*of_one)[1].attempt, AttemptNumber{2});
    const auto newest = read_attempts(sweep, {}, 2);
    ASSERT_THAT(*newest, SizeIs(2));
    EXPECT_EQ((*newest)[0].unit, sample.key(0));
    EXPECT_EQ((*newest)[0].end.rows, "");
}

TEST(Story, TellsWhatHappenedToAUnitStepByStep) {
    SampleSweep sample;
    sample.assign(1, 1);
    CheckpointSealed sealed;
    sealed.unit = sample.key(1);
    sealed.attempt = AttemptNumber{1};
    sealed.sequence = 1;
    sealed.step = 40;
    sample.write({sealed});
    sample.write({given_back(sample, 1, 1)});
    sample.finish(0, "{\"loss\": 1}\n");
    sample.assign(1, 2);
    UnitGivenBack again = given_back(sample, 1, 2);
    again.end.resumed = true;
    for (const std::uint64_t sequence : {2U, 3U, 4U}) {
        sealed.attempt = AttemptNumber{2};
        sealed.sequence = sequence;
        sealed.step = static_cast<std::int64_t>(40 * sequence);
        sample.write({sealed});
    }
    sample.write({again});
    sample.assign(1, 3);
    const SweepReader sweep = sample.read();
    const auto story = tell_story(sweep, sample.key(1));
    ASSERT_TRUE(story);
    EXPECT_THAT(
        story_lines(*story),
        ElementsAre(
            "train/1  " + format_unit_id(sweep.plan().id(sample.key(1))) + "  lr=0.1 repeat=1",
            "  2025-11-21T08:05:07Z  attempt 1 is given to node1",
            "  2025-11-21T08:05:07Z  checkpoint 1 is sealed at step 40",
            "  2025-11-21T08:05:07Z  attempt 1 ended, the unit goes on: crash: signal 11",
            "  2025-11-21T08:05:07Z  attempt 2 is given to node1",
            "  2025-11-21T08:05:07Z  checkpoints 2 to 4 are sealed, the newest at step 160",
            "  2025-11-21T08:05:07Z  attempt 2 (resumed from a checkpoint) ended, the unit goes "
            "on: "
            "crash: signal 11",
            "  2025-11-21T08:05:07Z  attempt 3 is given to node1",
            "  now: assigned: attempt 3 is with node1"
        )
    );
}

TEST(Story, OnAClusterNamesTheAllocationAndItsJob) {
    Sweep on_cluster = SampleSweep::sweep_of_six();
    on_cluster.backend = BackendKind::slurm;
    SampleSweep sample(on_cluster);
    sample.assign(1, 1);
    const auto story = tell_story(sample.read(), sample.key(1));
    ASSERT_TRUE(story);
    const std::string place = "node1 in allocation 1 (job 77)";
    EXPECT_THAT(story_lines(*story), Contains(EndsWith("attempt 1 is given to " + place)));
    EXPECT_EQ(story->present, "assigned: attempt 1 is with " + place);
}

TEST(Story, SaysWhatHoldsAReadyUnitBack) {
    SampleSweep sample;
    sample.write({SweepPaused{"five units failed"}});
    const auto story = tell_story(sample.read(), sample.key(0));
    ASSERT_TRUE(story);
    EXPECT_EQ(story->present, "ready, held back: the sweep is paused: five units failed");
}

TEST(Story, TellsWhatIsToKnowAboutAResultThatCounts) {
    SampleSweep sample;
    sample.assign(1, 1);
    AttemptEnd end = sample.end(Cause::none);
    end.message = "checkpoint 2 of attempt 1 is damaged\x1b";
    sample.write({
        UnitFinished{.unit = sample.key(1), .attempt = AttemptNumber{1}, .end = end}
    });
    const auto story = tell_story(sample.read(), sample.key(1));
    ASSERT_TRUE(story);
    EXPECT_THAT(
        story_lines(*story),
        Contains(EndsWith("attempt 1 is done after 1.5 s: checkpoint 2 of attempt 1 is damaged\\x1b"
        ))
    );
}

TEST(StatusReader, AddsUpTheJournal) {
    SampleSweep sample;
    sample.finish(0, "{\"loss\": 1}\n");
    sample.fail(1, "bad data");
    sample.assign(2);
    const SweepStatus status = status_of(sample.read());
    EXPECT_EQ(status.phase, SweepPhase::running);
    EXPECT_EQ(status.units(UnitPhase::done), 1U);
    EXPECT_EQ(status.units(UnitPhase::ready), 3U);
    ASSERT_THAT(status.failed, SizeIs(1));
    EXPECT_EQ(status.failed[0].unit.place, "train/1");
    EXPECT_EQ(status.failed[0].unit.values, "lr=0.1 repeat=1");
    ASSERT_THAT(status.running, SizeIs(1));
    EXPECT_EQ(status.running[0].unit.key, sample.key(2));
    EXPECT_EQ(status.running[0].node, "node1");
    ASSERT_THAT(status.agents, SizeIs(1));
    EXPECT_EQ(status.epoch, EpochNumber{1});
}

TEST(StatusReader, SaysStoppedOnceTheEpochEnded) {
    SampleSweep sample;
    sample.write({EpochEnded{.reason = "stopped"}});
    EXPECT_EQ(status_of(sample.read()).phase, SweepPhase::stopped);
}

TEST(StatusReader, TakesTheStatusFileWhereItMatchesTheJournal) {
    SampleSweep sample;
    sample.write({EpochEnded{.reason = "stopped"}});
    const SweepReader sweep = sample.read();
    SweepStatus status = status_of(sweep);
    status.sweep = "from the file";
    ASSERT_TRUE(
        write_file_atomically(sample.disk, sample.layout.status(), format_status_json(status))
    );
    const auto read = read_status(sample.disk, sample.layout, Millis{0});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->sweep, "from the file");
}

TEST(StatusReader, DoesNotBelieveAnOldStatusFileThatIsBehindTheJournal) {
    SampleSweep sample;
    const SweepReader sweep = sample.read();
    const SweepStatus status = status_of(sweep);
    ASSERT_TRUE(
        write_file_atomically(sample.disk, sample.layout.status(), format_status_json(status))
    );
    sample.finish(0, "{\"loss\": 1}\n");
    const auto fresh = read_status(sample.disk, sample.layout, status.at_unix + Millis{1000});
    ASSERT_TRUE(fresh) << fresh.error().message;
    EXPECT_EQ(fresh->units(UnitPhase::done), 0U) << "a live coordinator writes it every second";
    // Behind and old: the journal is read, for which this sample has no sweep file.
    EXPECT_FALSE(read_status(sample.disk, sample.layout, status.at_unix + Millis{60'000}));
}

TEST(StatusReader, DoesNotBelieveAFreshStatusFileOfACoordinatorThatIsGone) {
    SampleSweep sample;
    SweepStatus status = status_of(sample.read());
    const auto self = this_holder("");
    ASSERT_TRUE(self);
    status.holder = *self;
    ASSERT_TRUE(
        write_file_atomically(sample.disk, sample.layout.status(), format_status_json(status))
    );
    sample.finish(0, "{\"loss\": 1}\n");
    EXPECT_TRUE(read_status(sample.disk, sample.layout, status.at_unix));
    status.holder.pid_started += 1;
    ASSERT_TRUE(
        write_file_atomically(sample.disk, sample.layout.status(), format_status_json(status))
    );
    // The journal is read, for which this sample has no sweep file.
    EXPECT_FALSE(read_status(sample.disk, sample.layout, status.at_unix));
}

TEST(Examination, NamesASweepThatCannotBeRead) {
    SampleSweep sample;
    EXPECT_THAT(examine_sweep(sample.disk, sample.layout), SizeIs(1));
}

TEST(Story, NamesTheNodesOfAGangAndTheirRanks) {
    Sweep sweep = SampleSweep::sweep_of_six();
    sweep.stages[0].resources.ranks = 3;
    SampleSweep sample(sweep);
    AgentJoined second;
    second.incarnation = IncarnationId{0xbb};
    second.allocation = AllocationId{1};
    second.node = "node2";
    second.capacity = {.cpus = 2};
    sample.write({second});
    UnitsAssigned fact{.incarnation = sample.agent, .units = {{sample.key(1), AttemptNumber{1}}}};
    fact.gang = {
        {sample.agent,       2},
        {second.incarnation, 1}
    };
    sample.write({fact});
    const SweepReader reader = sample.read();
    const auto story = tell_story(reader, sample.key(1));
    ASSERT_TRUE(story);
    const std::vector<std::string> lines = story_lines(*story);
    EXPECT_THAT(lines, Contains(EndsWith("attempt 1 is given to node1 (2 ranks), node2 (1 rank)")));
    EXPECT_THAT(
        lines.back(), EndsWith("assigned: attempt 1 is with node1 (2 ranks), node2 (1 rank)")
    );
    const SweepStatus status = make_status(reader.state(), {}, {});
    ASSERT_THAT(status.running, SizeIs(1));
    EXPECT_EQ(describe_nodes(status.running[0]), "node1, node2");
    ASSERT_THAT(status.agents, SizeIs(2));
    EXPECT_EQ(status.agents[1].units, 1U) << "node2 runs ranks of it";
    const auto read_back = parse_status(format_status_json(status));
    ASSERT_TRUE(read_back) << read_back.error().message;
    EXPECT_THAT(read_back->running[0].other_nodes, ElementsAre("node2"));
}

}  // namespace
}  // namespace xorch
