#include "coordinator/report/audit/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/report/audit/audit_text.h"
#include "coordinator/report/completeness.h"
#include "core/json.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// "train/2 nan: nan (gap)", in plan order.
std::vector<std::string> flaws_of(const SweepReader& sweep) {
    const auto audits = audit_sweep(sweep);
    EXPECT_TRUE(audits) << audits.error().message;
    std::vector<std::string> texts;
    for (const Flaw& flaw : audits->front().flaws) {
        texts.push_back(
            std::to_string(flaw.unit.index) + " " + std::string(flaw_name(flaw.kind)) + ": " +
            flaw.cause + (flaw.detail.empty() ? "" : " (" + flaw.detail + ")")
        );
    }
    return texts;
}

Sweep six_with_checks(std::vector<Check> checks) {
    Sweep sweep = SampleSweep::sweep_of_six();
    sweep.stages.front().checks = std::move(checks);
    return sweep;
}

void finish_all(SampleSweep& sample, const std::string& row) {
    for (std::uint32_t i = 0; i < 6; ++i)
        sample.finish(i, row);
}

TEST(Audit, FindsNothingWhereEverythingIsThere) {
    SampleSweep sample;
    finish_all(sample, "{\"loss\": 0.5, \"checks\": \"\"}\n");
    const SweepReader sweep = sample.read();
    EXPECT_THAT(flaws_of(sweep), IsEmpty());
    EXPECT_EQ(describe_completeness(*completeness_of(sweep, StageIndex{0})), "");
}

TEST(Audit, TellsWhyAUnitHasNoResult) {
    SampleSweep sample;
    sample.finish(0, "{\"loss\": 0.5}\n");
    sample.assign(1);
    sample.fail(2, "");
    sample.assign(3);
    sample.write({
        UnitFailed{
                   .unit = sample.key(3),
                   .attempt = AttemptNumber{1},
                   .end = sample.end(Cause::out_of_memory)}
    });
    sample.write({UnitsCancelled{{{StageIndex{0}, 4, 1}}}});
    EXPECT_THAT(
        flaws_of(sample.read()),
        ElementsAre(
            "1 missing: not finished",
            "2 missing: user error (exit code 1)",
            "3 missing: out of memory",
            "4 missing: cancelled",
            "5 missing: never started"
        )
    );
}

TEST(Audit, NamesALostNodeAndAnEndedAllocationOfAUnitThatWaitsForItsNextAttempt) {
    SampleSweep sample;
    std::uint32_t index = 0;
    for (const Cause cause : {Cause::agent_lost, Cause::time_limit, Cause::preempted}) {
        sample.assign(index);
        sample.write({
            UnitGivenBack{
                          .unit = sample.key(index), .attempt = AttemptNumber{1}, .end = sample.end(cause)}
        });
        ++index;
    }
    const auto flaws = flaws_of(sample.read());
    EXPECT_EQ(flaws[0], "0 missing: node");
    EXPECT_EQ(flaws[1], "1 missing: time limit");
    EXPECT_EQ(flaws[2], "2 missing: preempted");
}

TEST(Audit, HoldsWhereUnitsAreHopelessAndNamesThem) {
    SampleSweep sample;
    for (std::uint32_t i = 0; i < 5; ++i)
        sample.finish(i, "{\"loss\": 0.5}\n");
    sample.assign(5);
    AttemptEnd end = sample.end(Cause::hopeless);
    end.message = "loss is nan";
    end.rows = "{\"loss\": NaN}\n";
    sample.write({
        UnitFoundHopeless{.unit = sample.key(5), .attempt = AttemptNumber{1}, .end = end}
    });
    const SweepReader sweep = sample.read();
    EXPECT_THAT(flaws_of(sweep), ElementsAre("5 hopeless: hopeless (loss is nan)"));
    const auto audits = audit_sweep(sweep);
    EXPECT_TRUE(audits->front().holds());
    EXPECT_EQ(
        audit_lines(sweep.plan(), *audits, {}).front(),
        "train: 6 expected, 5 done, 5 sound, 1 hopeless"
    );
    EXPECT_THAT(
        describe_completeness(*completeness_of(sweep, StageIndex{0})),
        HasSubstr("5 of 6 units are done, the other 1 hopeless")
    );
}

TEST(Audit, SaysThatARecordWasCutOff) {
    SampleSweep sample;
    sample.assign(0);
    AttemptEnd torn = sample.end(Cause::records);
    torn.message = "record line 1: not valid JSON";
    sample.write({
        UnitFailed{.unit = sample.key(0), .attempt = AttemptNumber{1}, .end = torn}
    });
    EXPECT_EQ(
        flaws_of(sample.read()).front(),
        "0 torn: record cut off or malformed (record line 1: not valid JSON)"
    );
}

TEST(Audit, ExpectsTheColumnsThatMostUnitsHave) {
    SampleSweep sample;
    for (std::uint32_t i = 0; i < 4; ++i)
        sample.finish(i, "{\"loss\": 0.5, \"gap\": 1}\n");
    sample.finish(4, "{\"loss\": 0.5, \"rare\": 1}\n");
    sample.finish(5, "{\"gap\": null, \"loss\": 0.5}\n");
    EXPECT_THAT(
        flaws_of(sample.read()),
        ElementsAre(
            "4 column missing: column missing (gap)", "5 column missing: column missing (gap)"
        )
    );
}

TEST(Audit, LooksAtTheLastRowOnly) {
    SampleSweep sample;
    finish_all(sample, "{\"loss\": NaN}\n{\"loss\": 0.5}\n");
    EXPECT_THAT(flaws_of(sample.read()), IsEmpty());
}

TEST(Audit, KeepsNanAndInfinityApart) {
    SampleSweep sample;
    for (std::uint32_t i = 0; i < 4; ++i)
        sample.finish(i, "{\"a\": 1, \"b\": 2}\n");
    sample.finish(4, "{\"a\": NaN, \"b\": NaN}\n");
    sample.finish(5, "{\"a\": 1, \"b\": -Infinity}\n");
    EXPECT_THAT(
        flaws_of(sample.read()), ElementsAre("4 nan: nan (a, b)", "5 infinite: infinite (b)")
    );
}

TEST(Audit, SaysNothingAboutOptionalColumns) {
    Sweep sweep = SampleSweep::sweep_of_six();
    sweep.stages.front().records.optional = {"a"};
    SampleSweep sample(sweep);
    for (std::uint32_t i = 0; i < 5; ++i)
        sample.finish(i, "{\"a\": NaN, \"b\": 2}\n");
    sample.finish(5, "{\"b\": 2}\n");
    EXPECT_THAT(flaws_of(sample.read()), IsEmpty());
}

TEST(Audit, TellsOfAResultThatDidNotCountBecauseItDiffered) {
    SampleSweep sample;
    finish_all(sample, "{\"loss\": 0.5}\n");
    sample.write({
        ResultRefused{sample.key(1), AttemptNumber{1}, "loss was 0.5 and is now 0.6", "ab"}
    });
    EXPECT_THAT(
        flaws_of(sample.read()),
        ElementsAre("1 disagrees: another run reported something else (loss was 0.5 and is now 0.6)"
        )
    );
}

TEST(Audit, CountsExpectedDoneAndSoundByAxis) {
    SampleSweep sample;
    sample.finish(0, "{\"loss\": 0.5}\n");
    sample.finish(1, "{\"loss\": NaN}\n");
    sample.finish(3, "{\"loss\": 0.5}\n");
    const SweepReader sweep = sample.read();
    const auto audit = audit_stage(sweep, StageIndex{0});
    ASSERT_TRUE(audit);
    EXPECT_EQ(audit->sound, 2U);
    const AxisAudit& lr = audit->axes.front();
    ASSERT_EQ(lr.counts.size(), 2U);
    EXPECT_EQ(lr.counts[0].expected, 3U);
    EXPECT_EQ(lr.counts[0].done, 2U);
    EXPECT_EQ(lr.counts[0].sound, 1U);
    EXPECT_EQ(lr.counts[1].sound, 1U);
    EXPECT_EQ(
        describe_completeness(*completeness_of(sweep, StageIndex{0})),
        "train is incomplete: 3 of 6 units are done, 2 of them sound; `xorch audit` names the "
        "others"
    );
}

TEST(Checks, CountWhatTheJobReportsWhetherDeclaredOrNot) {
    SampleSweep sample;
    for (std::uint32_t i = 0; i < 5; ++i)
        sample.finish(i, "{\"loss\": 1, \"checks\": \"\"}\n");
    sample.finish(5, "{\"loss\": 1, \"checks\": \"LEAKAGE, NON_BEAT_DROPPED\"}\n");
    const SweepReader sweep = sample.read();
    const auto audit = audit_stage(sweep, StageIndex{0});
    ASSERT_EQ(audit->flaws.size(), 2U);
    EXPECT_EQ(audit->flaws[0].cause, "LEAKAGE");
    EXPECT_EQ(audit->flaws[0].kind, FlawKind::check);
    EXPECT_EQ(audit->flaws[1].kind, FlawKind::told);
    EXPECT_EQ(audit->sound, 5U);
}

TEST(Checks, ThatAreOnlyToldLeaveAStageComplete) {
    SampleSweep sample;
    finish_all(sample, "{\"loss\": 1, \"checks\": \"NON_BEAT_DROPPED\"}\n");
    EXPECT_TRUE(audit_stage(sample.read(), StageIndex{0})->holds());
}

TEST(Checks, AreNotTakenAsPassedWhereNobodyLooked) {
    SampleSweep sample(six_with_checks({{.name = "SAMPLER_NOOP"}}));
    for (std::uint32_t i = 0; i < 5; ++i)
        sample.finish(i, "{\"loss\": 1, \"checks\": \"\"}\n");
    sample.finish(5, "{\"loss\": 1, \"checks\": null}\n");
    EXPECT_THAT(
        flaws_of(sample.read()),
        testing::Contains("5 unchecked: not checked (its record has no column \"checks\" for "
                          "SAMPLER_NOOP)")
    );
}

TEST(Checks, FindAnAblationThatChangedNothing) {
    SampleSweep sample(six_with_checks({
        {.name = "ABLATION_NOOP", .axis = "lr"}
    }));
    for (std::uint32_t i = 0; i < 6; ++i) {
        // Repeat 1 has the same features for both learning rates, the others do not.
        const std::string hash = i % 3 == 1 ? "same" : "h" + std::to_string(i);
        sample.finish(i, "{\"feature_hash\": \"" + hash + "\"}\n");
    }
    EXPECT_THAT(
        flaws_of(sample.read()),
        ElementsAre("4 check: ABLATION_NOOP (an ablation changed nothing: feature_hash of lr=0.01 "
                    "is that of lr=0.1)")
    );
}

TEST(Checks, SayNothingAboutAnAxisThatDoesNotVary) {
    SampleSweep sample(six_with_checks({
        {.name = "EQUAL_SCORE_HASH", .axis = "mode"}
    }));
    finish_all(sample, "{\"score_hash\": \"a\"}\n");
    EXPECT_THAT(flaws_of(sample.read()), IsEmpty());
}

TEST(Checks, FindAColumnOutOfItsRangeAndNeverTakeNanForInside) {
    SampleSweep sample(six_with_checks({
        {.name = "AUROC", .column = "auroc", .at_least = 0.0, .at_most = 100.0}
    }));
    for (std::uint32_t i = 0; i < 4; ++i)
        sample.finish(i, "{\"auroc\": 100}\n");
    sample.finish(4, "{\"auroc\": 100.5}\n");
    sample.finish(5, "{\"auroc\": NaN}\n");
    EXPECT_THAT(
        flaws_of(sample.read()),
        ElementsAre(
            "4 check: AUROC (auroc is 100.5, not at most 100.0)",
            "5 nan: nan (auroc)",
            "5 check: AUROC (auroc is nan, not at least 0.0)"
        )
    );
}

TEST(Checks, NameAGroupWithoutAnyResult) {
    SampleSweep sample(six_with_checks({
        {.name = "GROUP_EMPTY", .axis = "lr"}
    }));
    for (std::uint32_t i = 0; i < 3; ++i)
        sample.finish(i, "{\"loss\": 1}\n");
    EXPECT_THAT(
        flaws_of(sample.read()),
        testing::Contains("3 check: GROUP_EMPTY (a group has no result at all: lr=0.01)")
    );
}

TEST(Checks, AreReportedByAnyRowOfAUnitWithBlanksOrCommasBetweenThem) {
    SampleSweep sample(six_with_checks({
        {.name = "CLAMPED_DUPLICATE", .column = "checks"}
    }));
    for (std::uint32_t i = 1; i < 6; ++i)
        sample.finish(i, "{\"checks\": \"\"}\n");
    sample.finish(
        0,
        "{\"record\": 1, \"checks\": \"MOSTLY_PACED LEAKAGE\"}\n{\"record\": 2}\n"
        "{\"record\": 3, \"checks\": \"CLAMPED_DUPLICATE,LEAKAGE\"}\n"
    );
    const std::string reported = ": the job reports it)";
    EXPECT_THAT(
        flaws_of(sample.read()),
        UnorderedElementsAre(
            "0 told: MOSTLY_PACED (a pacemaker makes most beats of the recording, which are easy" +
                reported,
            "0 check: LEAKAGE (something of the validation or test set was used for training" +
                reported,
            "0 check: CLAMPED_DUPLICATE (two values of an axis were cut to the same effective one, "
            "so their difference is noise" +
                reported
        )
    );
}

TEST(Checks, HaveRulesThatAreUsableAndNamesThatAreUnique) {
    std::set<std::string_view> names;
    for (const CheckRule& rule : check_rules()) {
        EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
        EXPECT_FALSE(rule.doc.empty()) << rule.name;
        const Check check{.name = std::string(rule.name), .axis = "any"};
        EXPECT_EQ(why_unusable(check), "") << rule.name;
    }
}

TEST(AuditText, GivesTheCauseTheUnitsAndTheCommandForEachFlaw) {
    SampleSweep sample;
    sample.finish(0, "{\"loss\": 0.5}\n");
    sample.finish(1, "{\"loss\": NaN}\n");
    sample.finish(2, "{\"loss\": NaN}\n");
    sample.fail(3, "");
    const SweepReader sweep = sample.read();
    const auto audits = audit_sweep(sweep);
    std::string text;
    for (const std::string& line :
         audit_lines(sweep.plan(), *audits, {.argument = "sample", .units = 1})) {
        text += line + "\n";
    }
    EXPECT_EQ(
        text,
        "train: 6 expected, 3 done, 1 sound; INCOMPLETE\n"
        "  by lr: 0.1 1/3, 0.01 0/3\n"
        "  by repeat: 0 1/2, 1 0/2, 2 0/2\n"
        "  missing: never started, 2 units\n"
        "    train/4 (lr=0.01 repeat=1) and 1 more\n"
        "    -> xorch resume sample\n"
        "  missing: user error, 1 unit\n"
        "    exit code 1\n"
        "    train/3 (lr=0.01 repeat=0)\n"
        "    -> xorch backfill sample\n"
        "  nan, 2 units\n"
        "    loss\n"
        "    train/1 (lr=0.1 repeat=1) and 1 more\n"
        "    -> xorch backfill sample\n"
    );
}

TEST(AuditText, TellsWhatIsMissingFromWhatIsThereAndWrong) {
    SampleSweep sample;
    for (std::uint32_t i = 0; i < 5; ++i)
        sample.finish(i, "{\"loss\": 1, \"checks\": \"\"}\n");
    sample.finish(5, "{\"loss\": 1, \"checks\": \"LEAKAGE\"}\n");
    const SweepReader sweep = sample.read();
    const auto audits = audit_sweep(sweep);
    const auto lines = audit_lines(sweep.plan(), *audits, {.argument = "sample", .units = 1});
    EXPECT_EQ(lines.front(), "train: 6 expected, 6 done, 5 sound; complete and NOT SOUND");
    EXPECT_EQ(
        describe_completeness(*completeness_of(sweep, StageIndex{0})),
        "train is complete and not sound: 6 of 6 units are done, 5 of them sound; `xorch audit` "
        "names the others"
    );
}

TEST(AuditText, NamesEveryUnitInJson) {
    SampleSweep sample;
    const SweepReader sweep = sample.read();
    const Value json = audit_json(sweep.plan(), *audit_sweep(sweep), "");
    EXPECT_EQ(*json.find("holds"), Value(false));
    const Array& stages = *json.find("stages")->get_if<Array>();
    const Array& flaws = *stages.front().find("flaws")->get_if<Array>();
    ASSERT_EQ(flaws.size(), 6U);
    EXPECT_EQ(*flaws[5].find("unit"), Value("train/5"));
    EXPECT_EQ(*flaws[5].find("cause"), Value("never started"));
    EXPECT_EQ(*flaws[5].find("remedy"), Value("xorch resume"));
}

}  // namespace
}  // namespace xorch
