#include "coordinator/decide/select/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

UnitKey unit(std::uint32_t index) {
    return {StageIndex{0}, index};
}

Candidate candidate(std::uint32_t index, Object metrics, Object params = {}) {
    return {unit(index), std::move(params), std::move(metrics)};
}

Select smallest(const std::string& metric, std::uint32_t take = 1) {
    Select select;
    select.from = "small";
    select.order = {
        {.metric = metric, .minimise = true}
    };
    select.take = take;
    return select;
}

TEST(Selection, TakesTheBestFirst) {
    const Select select = smallest("loss", 2);
    const Decision decision = decide(
        select,
        {
            candidate(0, {{"loss", 3}  }
             ), candidate(1, {{"loss", 0.5}}
             ), candidate(2, {{"loss", 1}  }
             )
    }
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit(1), unit(2)));
}

TEST(Selection, LetsTheNextKeyDecideAmongValuesWithinTheTolerance) {
    Select select = smallest("loss");
    select.order.front().tolerance = 0.1;
    select.order.push_back({.metric = "f1", .minimise = false});
    const Decision decision = decide(
        select,
        {
            candidate(0, {{"loss", 1.0},  {"f1", 0.5} }
             ),
            candidate(1, {{"loss", 1.05}, {"f1", 0.9} }
             ),
            candidate(2, {{"loss", 1.2},  {"f1", 0.99}}
             )
    }
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit(1)));
    EXPECT_THAT(decision.explanation, HasSubstr("largest f1 = 0.9"));
}

TEST(Selection, BreaksTiesByPlanOrder) {
    const Decision decision = decide(
        smallest("loss"),
        {
            candidate(4, {{"loss", 1}}
             ), candidate(5, {{"loss", 1}}
             )
    }
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit(4)));
    EXPECT_THAT(decision.explanation, HasSubstr("first in plan order"));
}

TEST(Selection, NeverTakesNanOrMissingAndListsThem) {
    const Decision decision = decide(
        smallest("loss"),
        {
            candidate(0, {{"loss", nan}                                    }
             ),
            candidate(1, {                                  }
             ),
            candidate(2, {{"loss", "low"}}
             ),
            candidate(3, {{"loss", std::numeric_limits<double>::infinity()}                              }
             )
    }
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit(3)));
    EXPECT_THAT(decision.explanation, HasSubstr("loss is a number: not met by 0, 1, 2"));
}

TEST(Selection, RequiresConditionsOnParametersAndMetrics) {
    Select select = smallest("loss");
    Condition on_param;
    on_param.param = "use_roi";
    on_param.is = Value(true);
    Condition on_metric;
    on_metric.metric = "mean_l1";
    on_metric.at_most = 0.17;
    select.require = {on_param, on_metric};
    const Decision decision = decide(
        select,
        {
            candidate(0, {{"loss", 1},       {"mean_l1", 0.1}},
             {{"use_roi", false}                }
             ),
            candidate(1, {{"loss", 2}, {"mean_l1", 0.2}},
             {{"use_roi", true}}
             ),
            candidate(2, {{"loss", 3}, {"mean_l1", nan}},
             {{"use_roi", true}      }
             ),
            candidate(3, {{"loss", 4},                 {"mean_l1", 0.17}},
             {{"use_roi", true}          }
             )
    }
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit(3)));
}

TEST(Selection, IsRefusedWhenTooFewRemain) {
    const Decision decision = decide(
        smallest("loss", 2),
        {
            candidate(0, {{"loss", 1}  }
             ), candidate(1, {{"loss", nan}}
             )
    }
    );
    EXPECT_TRUE(decision.refused());
    EXPECT_THAT(decision.explanation, HasSubstr("1 of 2"));
}

}  // namespace
}  // namespace xorch
