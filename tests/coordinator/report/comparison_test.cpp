#include "coordinator/report/compare/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "coordinator/report/compare/comparison_text.h"
#include "coordinator/report/compare/pairing.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ComparedUnit point(std::int64_t x, Object metrics) {
    return {.name = "s/" + std::to_string(x), .params = {{"x", x}}, .metrics = std::move(metrics)};
}

ComparedSide side(std::vector<ComparedUnit> units) {
    return {.name = "s", .axes = {"x"}, .units = std::move(units)};
}

// The two phases as their report prints them: one full run each, no axis.
ComparedSide phase(bool roi, Object metrics) {
    ComparedUnit unit{.name = "full/0", .metrics = std::move(metrics)};
    unit.params.emplace_back("use_landmark6_roi_loss", roi);
    return {.name = "phase", .units = {std::move(unit)}};
}

const std::string failed_before = "24,26,50,52,53,333,561,575,666,1,2,3,4";  // 13
const std::string failed_after = "24,26,50,52,53,333,561,575,666,9";         // 10

TEST(Comparison, ReproducesTheArithmeticOfTheLandmarkPhases) {
    const ComparedSide before = phase(
        false,
        {
            {"landmark6_proxy_score", 0.148610     },
            {"failed_count_fixed",    13           },
            {"hardcase_passed",       10           },
            {"hardcase_pass_rate",    10.0 / 23    },
            {"failed_ids_fixed",      failed_before}
    }
    );
    const ComparedSide after = phase(
        true,
        {
            {"landmark6_proxy_score", 0.153135    },
            {"failed_count_fixed",    10          },
            {"hardcase_passed",       13          },
            {"hardcase_pass_rate",    13.0 / 23   },
            {"failed_ids_fixed",      failed_after}
    }
    );
    const SweepComparison result = *compare_sides(
        before,
        after,
        {
            .metrics =
                {{.metric = "landmark6_proxy_score", .minimise = true, .allowed_loss = 0.001},
                          {.metric = "hardcase_passed", .minimise = false},
                          {.metric = "hardcase_pass_rate", .minimise = false}},
            .ids = {"failed_ids_fixed"                         }
    }
    );
    EXPECT_NEAR(*result.metrics[0].relative, 0.030449, 5e-7);
    EXPECT_EQ(result.metrics[0].losses, 1);
    EXPECT_TRUE(result.metrics[0].is_regression);
    EXPECT_DOUBLE_EQ(*result.metrics[1].relative, 0.3);
    EXPECT_NEAR(result.metrics[2].mean_a, 0.434783, 5e-7);
    EXPECT_NEAR(result.metrics[2].mean_b, 0.565217, 5e-7);
    EXPECT_THAT(
        result.ids[0].in_both, ElementsAre("24", "26", "50", "52", "53", "333", "561", "575", "666")
    );
    EXPECT_THAT(result.ids[0].mended, ElementsAre("1", "2", "3", "4"));
    EXPECT_THAT(result.ids[0].broken, ElementsAre("9"));
    ASSERT_EQ(result.differences.size(), 1);
    EXPECT_EQ(result.differences[0].a, "false");
    EXPECT_EQ(result.differences[0].b, "true");
}

// The gating ablation: rates from its pooled counts, as printed to six digits.
TEST(Comparison, ReproducesTheArithmeticOfTheGatingAblation) {
    const auto rates = [](double tp, double fp, double fn) {
        return Object{
            {"precision", tp / (tp + fp)             },
            {"recall",    tp / (tp + fn)             },
            {"f1",        2 * tp / (2 * tp + fp + fn)}
        };
    };
    const SweepComparison result =
        *compare_sides(phase(true, rates(564, 562, 508)), phase(true, rates(564, 559, 508)), {});
    ASSERT_EQ(result.metrics.size(), 3);
    EXPECT_NEAR(result.metrics[0].delta, 0.001338, 5e-7);
    EXPECT_EQ(result.metrics[1].delta, 0.0);
    EXPECT_EQ(result.metrics[1].ties, 1);
    EXPECT_NEAR(result.metrics[2].delta, 0.000701, 5e-7);
}

TEST(Comparison, MatchesUnitsByTheirParametersWhateverTheirOrder) {
    const SweepComparison result = *compare_sides(
        side({
            point(1, {{"m", 1}}
             ), point(2, {{"m", 5}}
             ), point(3, {{"m", 9}}
             )
    }),
        side({point(3, {{"m", 10}}), point(1, {{"m", 3}}), point(4, {{"m", 0}})}),
        {}
    );
    EXPECT_EQ(result.pairs, 2);
    EXPECT_DOUBLE_EQ(result.metrics.at(0).delta, 1.5);
    EXPECT_THAT(result.only_a, ElementsAre("s/2"));
    EXPECT_THAT(result.only_b, ElementsAre("s/4"));
    EXPECT_FALSE(result.is_complete());
    EXPECT_THAT(comparison_notes(result), Contains(HasSubstr("incomplete")));
}

TEST(Comparison, HasNoRelativeChangeOfABaselineOfZero) {
    const SweepComparison result = *compare_sides(
        side({
            point(1, {{"m", 0}}
             )
    }),
        side({point(1, {{"m", 2}})}),
        {}
    );
    EXPECT_FALSE(result.metrics[0].relative);
    const Object json = comparison_json(result);
    const Value& metric = find_member(json, "metrics")->get_if<Array>()->front();
    EXPECT_TRUE(metric.find("relative")->is_null());
    EXPECT_EQ(*metric.find("baseline_zero"), Value(true));
}

TEST(Comparison, CountsANumberThatGotLostAsALossAndARegression) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const SweepComparison result = *compare_sides(
        side({
            point(1, {{"m", 1}}
             ), point(2, {{"m", 1}}
             )
    }),
        side({point(1, {{"m", 2}}), point(2, {{"m", nan}})}),
        {.metrics = {{.metric = "m", .minimise = false, .allowed_loss = 0.5}}}
    );
    EXPECT_EQ(result.metrics[0].n, 1);
    EXPECT_EQ(result.metrics[0].lost, 1);
    EXPECT_EQ(result.metrics[0].wins, 1);
    EXPECT_EQ(result.metrics[0].losses, 1);
    EXPECT_TRUE(result.has_regression());
}

TEST(Comparison, IsARegressionOnlyPastTheStatedLossInTheBadDirection) {
    const auto compare = [](double b, bool minimise) {
        return compare_sides(
                   side({
                       point(1, {{"m", 1.0}}
                        )
        }),
                   side({point(1, {{"m", b}})}),
                   {.metrics = {{.metric = "m", .minimise = minimise, .allowed_loss = 0.25}}}
        )->has_regression();
    };
    EXPECT_FALSE(compare(0.75, false));
    EXPECT_TRUE(compare(0.5, false));
    EXPECT_FALSE(compare(5.0, false));
    EXPECT_FALSE(compare(1.25, true));
    EXPECT_TRUE(compare(1.5, true));
    EXPECT_FALSE(compare(-5.0, true));
}

TEST(Comparison, TestsThePairsAndAdjustsForAllMetrics) {
    const std::vector<double> differences{0.8, -0.3, 1.2, 0.5, 0.9, -0.1, 1.5, 0.4};
    std::vector<ComparedUnit> a;
    std::vector<ComparedUnit> b;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        const auto x = static_cast<std::int64_t>(i);
        a.push_back(point(
            x,
            {
                {"m",    0},
                {"same", 1},
                {"up",   0}
        }
        ));
        b.push_back(point(
            x,
            {
                {"m",    differences[i]    },
                {"same", 1                 },
                {"up",   1 + differences[i]}
        }
        ));
    }
    const SweepComparison result = *compare_sides(side(a), side(b), {});
    EXPECT_EQ(result.metrics[0].test->w, 3.0);
    EXPECT_DOUBLE_EQ(result.metrics[0].test->p, 0.0390625);
    EXPECT_FALSE(result.metrics[1].test) << "nothing differs";
    EXPECT_DOUBLE_EQ(result.metrics[2].test->p, 2.0 / 256);
    EXPECT_DOUBLE_EQ(*result.metrics[0].p_adjusted, 0.0390625);
    EXPECT_DOUBLE_EQ(*result.metrics[2].p_adjusted, 4.0 / 256);
    EXPECT_LT(result.metrics[0].interval->low, 0.6125);
    EXPECT_GT(result.metrics[0].interval->high, 0.6125);
}

TEST(Comparison, ComparesGroupsAndAveragesRepeatsThatOneSideLacks) {
    ComparedSide a = side({
        point(1, {{"m", 1}}
         ), point(2, {{"m", 2}}
         )
    });
    ComparedSide b = a;
    b.axes.emplace_back("seed");
    b.units.clear();
    for (const std::int64_t x : {1, 2}) {
        for (const std::int64_t seed : {0, 1}) {
            b.units.push_back(point(
                x,
                {
                    {"m", x * 3 + seed}
            }
            ));
            b.units.back().params.emplace_back("seed", seed);
        }
    }
    const SweepComparison result = *compare_sides(a, b, {.by = {"x"}});
    EXPECT_EQ(result.averaged, 2);
    ASSERT_EQ(result.metrics.size(), 3);
    EXPECT_DOUBLE_EQ(result.metrics[0].delta, 3.5);
    EXPECT_DOUBLE_EQ(result.metrics[1].delta, 2.5);
    EXPECT_DOUBLE_EQ(result.metrics[2].delta, 4.5);
    EXPECT_EQ(
        result.metrics[2].group,
        (Object{
            {"x", 2}
    })
    );
    EXPECT_THAT(comparison_notes(result), Contains(HasSubstr("means of several units")));
}

// A scans x, B has one value of it among its parameters.
TEST(Comparison, MatchesAnAxisWithAConstantThatIsOneOfItsValues) {
    const ComparedSide a = side({
        point(1, {{"m", 1}}
         ), point(2, {{"m", 2}}
         )
    });
    ComparedSide b = side({
        point(2, {{"m", 5}}
         )
    });
    b.axes.clear();
    const SweepComparison result = *compare_sides(a, b, {});
    EXPECT_THAT(result.matched_by, ElementsAre("x"));
    EXPECT_EQ(result.pairs, 1);
    EXPECT_DOUBLE_EQ(result.metrics[0].delta, 3.0);
    EXPECT_THAT(result.only_a, ElementsAre("s/1"));
    EXPECT_EQ(compare_sides(b, a, {})->pairs, 1) << "also the other way round";
}

TEST(Comparison, TakesAConstantThatIsNoValueOfTheAxisForWhatIsCompared) {
    const ComparedSide a = side({
        point(1, {{"m", 1}}
         ), point(2, {{"m", 2}}
         )
    });
    ComparedSide b = side({
        point(7, {{"m", 5}}
         )
    });
    b.axes.clear();
    const SweepComparison result = *compare_sides(a, b, {});
    EXPECT_THAT(result.matched_by, IsEmpty());
    EXPECT_THAT(result.axes_only_a, ElementsAre("x"));
    EXPECT_DOUBLE_EQ(result.metrics[0].delta, 3.5);
    EXPECT_THAT(comparison_notes(result), Contains(HasSubstr("x varies in A only")));
    EXPECT_THAT(result.differences[0].a, "1, 2");
}

TEST(Comparison, MatchesEqualNumbersAndPlacesWithEqualContents) {
    ComparedSide a = side({
        point(1, {{"m", 1}}
         )
    });
    ComparedSide b = side({
        point(1, {{"m", 2}}
         )
    });
    b.units[0].params = {
        {"x", 1.0}
    };
    for (ComparedSide* each : {&a, &b})
        each->axes.emplace_back("data");
    a.units[0].params.emplace_back("data", "/one/data");
    b.units[0].params.emplace_back("data", "/other/data");
    EXPECT_EQ(compare_sides(a, b, {})->pairs, 0);
    a.contents["/one/data"] = b.contents["/other/data"] = "the same hash";
    EXPECT_EQ(compare_sides(a, b, {})->pairs, 1);
}

TEST(Comparison, IsIncompleteWhereASideIs) {
    const ComparedSide a = side({
        point(1, {{"m", 1}}
         )
    });
    ComparedSide b = a;
    EXPECT_TRUE(compare_sides(a, b, {})->is_complete());
    b.incompleteness = "s is incomplete: 1 of 2 units are done";
    const SweepComparison result = *compare_sides(a, b, {});
    EXPECT_FALSE(result.is_complete());
    EXPECT_THAT(comparison_notes(result), Contains("B: s is incomplete: 1 of 2 units are done"));
}

TEST(Comparison, RefusesWhatNobodyRecordedInsteadOfPassingIt) {
    const ComparedSide a = side({
        point(1, {{"m", 1}}
         )
    });
    const auto refused = compare_sides(a, a, {.metrics = {{.metric = "typo"}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
    EXPECT_THAT(refused.error().message, HasSubstr("a column typo; numbers are in m"));
    EXPECT_FALSE(compare_sides(a, a, {.ids = {"typo"}}));
    const ComparedSide failing = side({
        point(1, {{"m", 1}, {"failed", "4"}}
         )
    });
    EXPECT_THAT(compare_sides(a, failing, {.ids = {"failed"}})->ids[0].broken, ElementsAre("4"));
    EXPECT_FALSE(compare_sides(a, a, {.by = {"y"}}));
    EXPECT_TRUE(compare_sides(a, a, {.by = {"x"}}));
}

TEST(Comparison, OfASideWithItselfTurnedAroundIsTurnedAround) {
    std::mt19937 random(31);
    for (int round = 0; round < 20; ++round) {
        std::vector<ComparedUnit> a;
        std::vector<ComparedUnit> b;
        for (std::int64_t x = 0; x < 12; ++x) {
            a.push_back(point(
                x,
                {
                    {"m", static_cast<double>(random() % 5)}
            }
            ));
            b.push_back(point(
                x,
                {
                    {"m", static_cast<double>(random() % 5)}
            }
            ));
        }
        const MetricComparison forward = compare_sides(side(a), side(b), {})->metrics.at(0);
        const MetricComparison backward = compare_sides(side(b), side(a), {})->metrics.at(0);
        ASSERT_NEAR(forward.delta, -backward.delta, 1e-12);
        ASSERT_EQ(forward.wins, backward.losses);
        ASSERT_EQ(forward.ties, backward.ties);
        ASSERT_EQ(forward.test.has_value(), backward.test.has_value());
        if (forward.test) {
            ASSERT_EQ(forward.test->p, backward.test->p);
        }
    }
}

TEST(Ids, AreReadFromListsAsReportsSpellThem) {
    EXPECT_THAT(parse_ids(Value("24, 26, 50")), ElementsAre("24", "26", "50"));
    EXPECT_THAT(parse_ids(Value("[\"a\",\"b\",\"a\"]")), ElementsAre("a", "b"));
    EXPECT_THAT(parse_ids(Value(7)), ElementsAre("7"));
    EXPECT_THAT(parse_ids(Value("")), IsEmpty());
    EXPECT_THAT(parse_ids(Value()), IsEmpty());
}

}  // namespace
}  // namespace xorch
