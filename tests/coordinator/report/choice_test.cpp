#include "coordinator/report/choice/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/report/tables/record_table.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Three points of two repeats each; the two points with the least mean loss are run in full.
Sweep small_and_full() {
    Sweep sweep = SampleSweep::sweep_of_six();
    sweep.stages[0].axes[0].values = {0.1, 0.01, 0.001};
    sweep.stages[0].axes[1].values = {0, 1};
    Stage full;
    full.name = "full";
    full.argv = {"full", "{lr}"};
    full.promote = "best";
    full.canary = false;
    sweep.stages.push_back(full);
    Select best;
    best.name = "best";
    best.from = "train";
    best.repeats = {"repeat"};
    best.take = 2;
    best.order.push_back({.metric = "loss", .minimise = true});
    sweep.selects = {best};
    return sweep;
}

void finish_small(SampleSweep& sample) {
    const std::vector<std::string> losses{"1", "3", "0.5", "0.7", "9", "9"};
    for (std::uint32_t i = 0; i < losses.size(); ++i)
        sample.finish(i, "{\"loss\": 7}\n{\"loss\": " + losses[i] + "}\n");
}

void finish_full(SampleSweep& sample, std::uint32_t index, const std::string& loss) {
    const UnitKey unit{StageIndex{1}, index};
    UnitsAssigned assigned;
    assigned.incarnation = sample.agent;
    assigned.units = {
        {unit, AttemptNumber{1}}
    };
    sample.write({assigned});
    AttemptEnd done = sample.end(Cause::none);
    done.rows = "{\"loss\": " + loss + "}\n";
    sample.write({
        UnitFinished{.unit = unit, .attempt = AttemptNumber{1}, .end = done}
    });
}

TEST(Choice, IsMadeFromTheJournalAsTheCoordinatorMakesIt) {
    SampleSweep sample(small_and_full());
    finish_small(sample);
    const SweepReader sweep = sample.read();
    const Select& select = sweep.plan().sweep().selects[0];
    const auto candidates = read_candidates(sweep, select);
    ASSERT_TRUE(candidates) << candidates.error().message;
    EXPECT_THAT(decide(select, *candidates).chosen, ElementsAre(sample.key(2), sample.key(0)));
    for (const Candidate& candidate : *candidates)
        EXPECT_EQ(candidate.metrics, sweep.state().metrics(0, candidate.unit));
}

TEST(Choice, ListsUnitsThatAreNotDone) {
    SampleSweep sample(small_and_full());
    sample.finish(0, "{\"loss\": 1}\n");
    sample.fail(1, "no numpy");
    const SweepReader sweep = sample.read();
    const Select& select = sweep.plan().sweep().selects[0];
    const auto candidates = read_candidates(sweep, select);
    ASSERT_TRUE(candidates) << candidates.error().message;
    const Decision decision = decide(select, *candidates);
    EXPECT_TRUE(decision.refused());
    EXPECT_THAT(decision.explanation, HasSubstr("not done: 1, 2, 3, 4, 5"));
}

TEST(Choice, IsAuditedAgainstWhatItPromoted) {
    SampleSweep sample(small_and_full());
    finish_small(sample);
    sample.write({
        SelectionDecided{0, {sample.key(2), sample.key(0)}, "because"}
    });
    finish_full(sample, 0, "0.4");
    finish_full(sample, 1, "0.2");
    const SweepReader sweep = sample.read();
    const auto agreements = audit_selection(sweep, 0);
    ASSERT_TRUE(agreements) << agreements.error().message;
    ASSERT_EQ(agreements->size(), 1);
    const Agreement& loss = agreements->front();
    EXPECT_EQ(loss.promoted, 2);
    EXPECT_EQ(loss.tau, -1.0) << "the small runs had it the other way round";
    EXPECT_THAT(loss.overlap, ElementsAre(0, 2));
    EXPECT_THAT(agreement_lines(*agreements).front(), HasSubstr("full loss: Kendall tau-b -1.000"));
}

TEST(Choice, StaysInTheRecordsOfWhatItPromoted) {
    SampleSweep sample(small_and_full());
    finish_small(sample);
    sample.write({
        SelectionDecided{0, {sample.key(2), sample.key(0)}, "because"}
    });
    finish_full(sample, 1, "0.2");
    const SweepReader sweep = sample.read();
    EXPECT_EQ(sweep.plan().promoted_from({StageIndex{1}, 0}), sample.key(2));
    EXPECT_FALSE(sweep.plan().promoted_from(sample.key(2)));
    auto table = RecordTable::open(sweep, StageIndex{1});
    ASSERT_TRUE(table) << table.error().message;
    std::vector<Value> lineage;
    const auto visited = table->visit([&](const TableRow& row) -> Result<void> {
        lineage.push_back(row.cells.back());
        return {};
    });
    ASSERT_TRUE(visited) << visited.error().message;
    EXPECT_EQ(table->columns().back().name, "promoted_from");
    EXPECT_THAT(lineage, ElementsAre(Value("train/0")));
}

}  // namespace
}  // namespace xorch
