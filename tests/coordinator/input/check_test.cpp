#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/input/freeze.h"
#include "tests/coordinator/input/sweep_text.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* checked =
    "checks = [\"LEAKAGE\", { name = \"ABLATION_NOOP\", axis = \"mode\" }, "
    "{ name = \"MINE\", column = \"auroc\", at_least = 0, at_most = 100 }]";

TEST(Checks, AreNamesOrTables) {
    const Sweep sweep = parse(noop(checked));
    EXPECT_THAT(
        sweep.stages[0].checks,
        ElementsAre(
            Check{.name = "LEAKAGE"},
            Check{.name = "ABLATION_NOOP", .axis = "mode"},
            Check{.name = "MINE", .column = "auroc", .at_least = 0.0, .at_most = 100.0}
        )
    );
}

TEST(Checks, OfTheJobComeBeforeThoseOfTheFileAndBothAreFrozen) {
    ParseOptions with = options();
    for (JobDeclaration& job : with.jobs) {
        if (job.name == "noop") job.checks = {{.name = "SAMPLER_NOOP"}};
    }
    const Sweep sweep = parse(noop(checked), with);
    ASSERT_EQ(sweep.stages[0].checks.size(), 4U);
    EXPECT_EQ(sweep.stages[0].checks[0].name, "SAMPLER_NOOP");
    const auto frozen = parse_frozen(format_sweep(sweep), SweepLayout{"/s"});
    ASSERT_TRUE(frozen) << frozen.error().message;
    EXPECT_EQ(frozen->stages[0].checks, sweep.stages[0].checks);
}

TEST(Checks, DoNotChangeTheTextOfASweepWithoutThem) {
    EXPECT_EQ(format_sweep(parse(noop(""))).find("checks ="), std::string::npos);
}

TEST(Checks, OfAMisspeltNameAreRefusedWithTheNearestOne) {
    EXPECT_THAT(refusal(noop("checks = [\"LEAKGE\"]")), HasSubstr("did you mean \"LEAKAGE\"?"));
    EXPECT_THAT(refusal(noop("checks = \"LEAKAGE\"")), HasSubstr("checks must be an array"));
}

TEST(Checks, ThatSayNothingAreRefused) {
    EXPECT_THAT(refusal(noop("checks = [\"ABLATION_NOOP\"]")), HasSubstr("needs axis"));
    EXPECT_THAT(
        refusal(noop("checks = [{ name = \"GROUP_EMPTY\", at_least = 1 }]")),
        HasSubstr("needs column")
    );
    EXPECT_THAT(refusal(noop("checks = [{ axis = \"a\" }]")), HasSubstr("name"));
}

TEST(Records, NameOptionalColumnsAndThoseThatVaryBetweenEqualRuns) {
    const Sweep sweep = parse(noop("records = { optional = [\"a\"], varies = [\"seconds\"] }"));
    const auto frozen = parse_frozen(format_sweep(sweep), SweepLayout{"/s"});
    ASSERT_TRUE(frozen) << frozen.error().message;
    EXPECT_THAT(frozen->stages[0].records.optional, ElementsAre("a"));
    EXPECT_THAT(frozen->stages[0].records.varies, ElementsAre("seconds"));
}

}  // namespace
}  // namespace xorch
