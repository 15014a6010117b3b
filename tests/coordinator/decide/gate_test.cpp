// A selection that a [[gate]] holds until somebody has looked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Three small units; the best two are run in full, once a person lets them. `beside` is a stage
// that the gate does not hold.
Sweep gated(bool with_other_work = false) {
    Stage full = make_stage("full", 1);
    full.axes.clear();
    full.promote = "best";
    full.argv.emplace_back("full");
    std::vector<Stage> stages{make_stage("small", 3), full};
    if (with_other_work) {
        stages.push_back(make_stage("beside", 1));
        stages.back().argv.emplace_back("beside");
    }
    Sweep sweep = make_sweep(std::move(stages));
    Select best;
    best.name = "best";
    best.from = "small";
    best.order.push_back({.metric = "loss", .minimise = true});
    best.take = 2;
    sweep.selects = {best};
    sweep.gates.push_back({.name = "eyes", .select = "best", .look_at = "the landmark panels"});
    return sweep;
}

void finish_small_units(Harness& harness, IncarnationId agent) {
    for (const std::uint32_t i : {0U, 1U, 2U})
        harness.finish(agent, key(0, i), "{\"loss\": " + std::to_string(3 - i) + "}\n");
}

// A paused reign ends; whoever answers the gate asks the next one.
void finish_and_reign_anew(Harness& harness, IncarnationId agent) {
    finish_small_units(harness, agent);
    harness.drain();
    harness.crash();
    harness.take_facts();
}

TEST(ManualGate, PausesTheSweepAndSaysWhatToLookAt) {
    Harness harness(gated());
    const IncarnationId agent = harness.join();
    harness.take_facts();
    finish_small_units(harness, agent);
    const auto facts = harness.take_facts();
    EXPECT_THAT(all_of<SelectionDecided>(facts), IsEmpty());
    const auto pauses = all_of<SweepPaused>(facts);
    ASSERT_THAT(pauses, SizeIs(1));
    EXPECT_THAT(pauses.front().reason, HasSubstr("the landmark panels"));
    EXPECT_THAT(pauses.front().reason, HasSubstr("xorch approve eyes"));
    EXPECT_FALSE(harness.state().complete());
}

TEST(ManualGate, WaitsForOtherWorkBeforeItPauses) {
    Harness harness(gated(true));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    harness.take_facts();
    finish_small_units(harness, agent);
    EXPECT_FALSE(harness.state().paused());
    harness.finish(agent, key(2, 0));
    EXPECT_TRUE(harness.state().paused());
}

TEST(ManualGate, LetsTheSelectionBeMadeWhenItIsApproved) {
    Harness harness(gated());
    const IncarnationId agent = harness.join();
    finish_and_reign_anew(harness, agent);
    harness.request("r", "approve", R"({"gate": "eyes", "note": "edges are sharp"})");
    const auto facts = harness.take_facts();
    const auto decided = all_of<SelectionDecided>(facts);
    ASSERT_THAT(decided, SizeIs(1));
    EXPECT_THAT(decided.front().chosen, ElementsAre(key(0, 2), key(0, 1)));
    EXPECT_THAT(decided.front().explanation, HasSubstr("approved at gate eyes: edges are sharp"));
    EXPECT_THAT(all_of<RequestDone>(facts), SizeIs(1));
    EXPECT_FALSE(harness.state().paused());
    EXPECT_EQ(harness.state().stage(StageIndex{1}).in(UnitPhase::ready), 2U);
}

TEST(ManualGate, FailsWhatItHoldsWhenItIsRefused) {
    Harness harness(gated());
    const IncarnationId agent = harness.join();
    finish_and_reign_anew(harness, agent);
    harness.request("r", "approve", R"({"gate": "eyes", "refuse": true, "note": "blurred"})");
    EXPECT_TRUE(harness.state().select(0).refused);
    EXPECT_THAT(harness.state().select(0).explanation, HasSubstr("refused at gate eyes: blurred"));
    EXPECT_TRUE(harness.state().complete());
}

TEST(ManualGate, IsAskedAgainByANewReignThatContinuesWithoutAnswer) {
    Harness harness(gated());
    const IncarnationId agent = harness.join();
    finish_and_reign_anew(harness, agent);
    EXPECT_TRUE(harness.state().paused());
    harness.request("c", "continue");
    EXPECT_THAT(all_of<SelectionDecided>(harness.take_facts()), IsEmpty());
    EXPECT_TRUE(harness.state().paused()) << "nobody has looked yet";
    harness.drain();
    harness.crash();
    harness.request("r", "approve", R"({"gate": "eyes"})");
    EXPECT_TRUE(harness.state().select(0).decided);
}

TEST(ManualGate, IsNotDecidedBeforeItsStageIsFinalNorTwiceNorByAnotherName) {
    Harness harness(gated());
    const IncarnationId agent = harness.join();
    const auto answer = [&](const std::string& id, const std::string& gate) {
        harness.drain();
        harness.request(id, "approve", "{\"gate\": \"" + gate + "\"}");
        const auto replies = said<ClientReply>(harness.drain());
        return replies.empty() ? std::string("nothing") : replies.front().text;
    };
    EXPECT_THAT(answer("1", "eyes"), HasSubstr("its stage is not final"));
    EXPECT_THAT(answer("2", "ears"), HasSubstr("there is no gate \"ears\"; there are eyes"));
    finish_and_reign_anew(harness, agent);
    EXPECT_THAT(answer("3", "eyes"), HasSubstr("\"approved\""));
    EXPECT_THAT(answer("4", "eyes"), HasSubstr("is decided already"));
}

TEST(ManualGate, ThatIsSwitchedOffHoldsNothing) {
    Sweep sweep = gated();
    sweep.gates.front().manual = false;
    Harness harness(std::move(sweep));
    const IncarnationId agent = harness.join();
    finish_small_units(harness, agent);
    EXPECT_TRUE(harness.state().select(0).decided);
}

}  // namespace
}  // namespace xorch
