// Selections of repeats: what they do by name, and random ones against a slow oracle that knows
// nothing of the library's types.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "coordinator/decide/select/rows.h"
#include "coordinator/decide/select/selection.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

UnitKey unit_at(std::uint32_t index) {
    return {StageIndex{0}, index};
}

// Unit 3 * point + repeat has the point's n-th value.
std::vector<Candidate> three_repeats(const std::vector<std::vector<double>>& losses) {
    std::vector<Candidate> candidates;
    for (std::size_t point = 0; point < losses.size(); ++point) {
        for (std::size_t repeat = 0; repeat < 3; ++repeat) {
            Candidate candidate{.unit = unit_at(static_cast<std::uint32_t>(candidates.size()))};
            candidate.params.emplace_back("width", static_cast<std::int64_t>(point));
            candidate.params.emplace_back("seed", static_cast<std::int64_t>(repeat));
            candidate.is_done = repeat < losses[point].size();
            if (candidate.is_done) candidate.metrics.emplace_back("loss", losses[point][repeat]);
            candidates.push_back(std::move(candidate));
        }
    }
    return candidates;
}

Select by_mean_loss() {
    Select select;
    select.from = "small";
    select.repeats = {"seed"};
    select.order.push_back({.metric = "loss", .minimise = true});
    return select;
}

TEST(SelectionOfRepeats, TakesTheBestMeanNotTheBestUnit) {
    const Decision decision = decide(
        by_mean_loss(),
        three_repeats({
            {0.1, 0.9, 0.9},
            {0.5, 0.5, 0.5}
    })
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit_at(3)));
    EXPECT_THAT(decision.explanation, HasSubstr("2 candidates of stage small, 6 units"));
    EXPECT_THAT(decision.explanation, HasSubstr("unit 0 would be next: loss = 0.6"));
}

TEST(SelectionOfRepeats, IsRefusedWhileOneIsMissingUnlessThatIsAllowed) {
    Select select = by_mean_loss();
    const auto candidates = three_repeats({
        {0.1,  0.2},
        { 0.5, 0.5, 0.5}
    });
    const Decision refused = decide(select, candidates);
    EXPECT_THAT(refused.chosen, IsEmpty());
    EXPECT_THAT(refused.explanation, HasSubstr("not done: 2"));
    EXPECT_THAT(refused.explanation, HasSubstr("xorch retry"));
    select.allow_missing = true;
    EXPECT_THAT(decide(select, candidates).chosen, ElementsAre(unit_at(0)));
}

TEST(SelectionOfRepeats, NeedsNoRepeatsOfWhatItsParametersRuleOut) {
    Select select = by_mean_loss();
    Condition condition{.param = "width"};
    condition.at_least = 1;
    select.require.push_back(condition);
    const Decision decision = decide(
        select,
        three_repeats({
            {0.1 },
            { 0.5, 0.5, 0.5}
    })
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit_at(3)));
}

TEST(SelectionOfRepeats, NeverTakesAChoiceWithOneNan) {
    const Decision decision = decide(
        by_mean_loss(),
        three_repeats({
            {0.1, nan, 0.1},
            {0.5, 0.5, 0.5}
    })
    );
    EXPECT_THAT(decision.chosen, ElementsAre(unit_at(3)));
    EXPECT_THAT(decision.explanation, HasSubstr("loss is a number: not met by 0"));
}

// The best mean is 0.5 with a standard error of 0.1 / sqrt(3); the first point is 0.05 off.
TEST(SelectionOfRepeats, TakesTheFirstWithinOneStandardErrorIfAsked) {
    Select select = by_mean_loss();
    const auto candidates = three_repeats({
        {0.55, 0.55, 0.55},
        {0.4,  0.5,  0.6 },
        {0.8,  0.8,  0.8 }
    });
    EXPECT_THAT(decide(select, candidates).chosen, ElementsAre(unit_at(3)));
    select.order.front().one_standard_error = true;
    EXPECT_THAT(decide(select, candidates).chosen, ElementsAre(unit_at(0)));
}

TEST(SelectionOfRepeats, ComparesBoundsWithTheMeanAndTextsWithEachRepeat) {
    Select select = by_mean_loss();
    auto candidates = three_repeats({
        {0.1, 0.1, 0.7},
        {0.5, 0.5, 0.5}
    });
    for (Candidate& candidate : candidates)
        candidate.metrics.emplace_back("state", candidate.unit.index == 4 ? "odd" : "fine");
    Condition bound{.metric = "loss"};
    bound.at_most = 0.4;
    select.require.push_back(bound);
    EXPECT_THAT(decide(select, candidates).chosen, ElementsAre(unit_at(0)));
    Condition text{.metric = "state"};
    text.is = Value("fine");
    select.require = {text};
    EXPECT_THAT(decide(select, candidates).explanation, HasSubstr("not met by 3"));
}

// The trap of the phase that ran without its own loss: what each order would choose is told.
TEST(Selection, TellsWhatADeclaredAlternativeWouldChoose) {
    Select select;
    select.from = "small";
    select.order.push_back({.metric = "failed", .minimise = true});
    select.alternatives.push_back({.name = "proxy_first", .order = {}});
    select.alternatives.back().order.push_back({.metric = "proxy", .minimise = true});
    std::vector<Candidate> candidates{{.unit = unit_at(0)}, {.unit = unit_at(1)}};
    candidates[0].metrics = {
        {"failed", 10      },
        {"proxy",  0.153135}
    };
    candidates[1].metrics = {
        {"failed", 13      },
        {"proxy",  0.148610}
    };
    const Decision decision = decide(select, candidates);
    EXPECT_THAT(decision.chosen, ElementsAre(unit_at(0)));
    EXPECT_THAT(decision.explanation, HasSubstr("by proxy_first: another choice"));
    EXPECT_THAT(decision.explanation, HasSubstr("unit 1 is chosen: smallest proxy = 0.14861"));
    select.alternatives.back().order.front().minimise = false;
    EXPECT_THAT(decide(select, candidates).explanation, HasSubstr("by proxy_first: the same"));
}

Select reading(RowsRead rows, std::uint32_t last_rows = 1) {
    Select select;
    select.rows = rows;
    select.last_rows = last_rows;
    select.order.push_back({.metric = "loss", .minimise = true});
    select.order.push_back({.metric = "f1", .minimise = false});
    return select;
}

TEST(RowsOfASelection, AreTheLastTheBestOrTheMeanOfTheLastFew) {
    const std::string rows =
        "{\"loss\": 3, \"f1\": 0.1}\n{\"loss\": 1, \"f1\": 0.2, \"x\": 9}\n"
        "{\"loss\": 1, \"f1\": 0.3}\n{\"loss\": 2, \"f1\": 0.5}\n";
    const Object last{
        {"loss", 2  },
        {"f1",   0.5}
    };
    EXPECT_EQ(read_rows(rows, reading(RowsRead::last)), last);
    const Object best{
        {"loss", 1  },
        {"f1",   0.2}
    };
    EXPECT_EQ(read_rows(rows, reading(RowsRead::best)), best);
    const Object mean{
        {"loss", 1.5},
        {"f1",   0.4}
    };
    EXPECT_EQ(read_rows(rows, reading(RowsRead::mean_of_last, 2)), mean);
    EXPECT_THAT(read_rows(rows, reading(RowsRead::mean_of_last, 5)), IsEmpty());
    EXPECT_THAT(read_rows("", reading(RowsRead::best)), IsEmpty());
}

TEST(RowsOfASelection, KeepANanAMissingValueAndANumberApart) {
    const std::string rows = "{\"loss\": NaN, \"f1\": 1}\n{\"loss\": 4}\n{\"loss\": NaN}\n";
    const Object best{
        {"loss", 4}
    };
    EXPECT_EQ(read_rows(rows, reading(RowsRead::best)), best);
    const Object all_nan = read_rows("{\"loss\": NaN}\n", reading(RowsRead::best));
    EXPECT_NE(find_member(all_nan, "loss"), nullptr);
    const Object mean = read_rows(rows, reading(RowsRead::mean_of_last, 3));
    EXPECT_TRUE(std::isnan(*find_member(mean, "loss")->as_number()));
    EXPECT_EQ(find_member(mean, "f1"), nullptr);
}

// ---- random selections ----

struct RandomCase {
    Select select;
    std::vector<Candidate> candidates;
};

double random_value(std::mt19937& random) {
    switch (random() % 12) {
        case 0:
            return nan;
        case 1:
            return std::numeric_limits<double>::infinity();
        case 2:
            return -std::numeric_limits<double>::infinity();
        default:
            return static_cast<double>(random() % 9) / 4;
    }
}

RandomCase random_case(std::mt19937& random) {
    RandomCase result;
    Select& select = result.select;
    select.from = "small";
    for (const char* metric : {"a", "b", "c"}) {
        if (random() % 3 == 0 && !select.order.empty()) continue;
        select.order.push_back({.metric = metric, .minimise = random() % 2 == 0});
        select.order.back().tolerance = random() % 2 == 0 ? 0.25 : 0.0;
        select.order.back().one_standard_error = random() % 3 == 0;
    }
    if (random() % 4 == 0) {
        select.require.push_back({.param = "point"});
        select.require.back().at_least = 2;
    }
    if (random() % 4 == 0) {
        select.require.push_back({.metric = "a"});
        select.require.back().at_most = 1.5;
    }
    const auto repeats = static_cast<std::uint32_t>(1 + random() % 3);
    if (repeats > 1) select.repeats = {"seed"};
    select.allow_missing = random() % 2 == 0;
    select.take = random() % 2 == 0 ? 1 : 2;
    const auto points = static_cast<std::uint32_t>(1 + random() % 8);
    for (std::uint32_t i = 0; i < points * repeats; ++i) {
        Candidate candidate{.unit = unit_at(i)};
        candidate.params.emplace_back("point", std::int64_t{i / repeats});
        candidate.params.emplace_back("seed", std::int64_t{i % repeats});
        candidate.is_done = random() % 10 != 0;
        for (const char* metric : {"a", "b", "c"}) {
            if (!candidate.is_done || random() % 20 == 0) continue;
            candidate.metrics.emplace_back(metric, random_value(random));
        }
        result.candidates.push_back(std::move(candidate));
    }
    return result;
}

// point -> the values of its done repeats by metric; a missing value is NaN here, since neither
// wins.
struct OraclePoint {
    std::int64_t number = 0;
    std::uint32_t first_done = 0;
    std::map<std::string, std::vector<double>> values{};
    bool lacks = false;

    double mean(const std::string& metric) const {
        double sum = 0;
        for (const double value : values.at(metric))
            sum += value / static_cast<double>(values.at(metric).size());
        return sum;
    }

    double standard_error(const std::string& metric) const {
        const auto n = static_cast<double>(values.at(metric).size());
        if (n < 2 || std::isinf(mean(metric))) return 0;
        double squares = 0;
        for (const double value : values.at(metric))
            squares += (value - mean(metric)) * (value - mean(metric));
        return std::sqrt(squares / (n - 1) / n);
    }

    // What is asked of parameters alone, and of the mean of a metric.
    bool meets(const Condition& condition) const {
        if (!condition.param.empty()) return static_cast<double>(number) >= *condition.at_least;
        return mean(condition.metric) <= *condition.at_most;
    }
};

std::vector<std::uint32_t> oracle(const RandomCase& given) {
    std::map<std::int64_t, OraclePoint> points;
    for (const Candidate& candidate : given.candidates) {
        const std::int64_t number = *find_member(candidate.params, "point")->get_if<std::int64_t>();
        OraclePoint& point = points[number];
        point.number = number;
        if (!candidate.is_done) {
            point.lacks = true;
            continue;
        }
        if (point.values.empty()) point.first_done = candidate.unit.index;
        for (const char* metric : {"a", "b", "c"}) {
            const Value* value = find_member(candidate.metrics, metric);
            point.values[metric].push_back(value == nullptr ? nan : *value->as_number());
        }
    }
    std::vector<OraclePoint> left;
    const auto is_ruled_out = [&](const OraclePoint& point, bool by_param) {
        return std::any_of(
            given.select.require.begin(),
            given.select.require.end(),
            [&](const Condition& condition) {
                return condition.param.empty() != by_param && !point.meets(condition);
            }
        );
    };
    for (const auto& [number, point] : points) {
        if (is_ruled_out(point, true)) continue;
        if (point.lacks && !given.select.repeats.empty() && !given.select.allow_missing) return {};
        if (point.values.empty()) continue;
        bool is_fine = !is_ruled_out(point, false);
        for (const OrderKey& key : given.select.order)
            is_fine = is_fine && !std::isnan(point.mean(key.metric));
        if (is_fine) left.push_back(point);
    }
    if (left.size() < given.select.take) return {};
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t n = 0; n < given.select.take; ++n) {
        std::vector<OraclePoint> rest = left;
        for (const OrderKey& key : given.select.order) {
            OraclePoint best = rest.front();
            for (const OraclePoint& point : rest) {
                const double mean = point.mean(key.metric);
                const double least = best.mean(key.metric);
                if (key.minimise ? mean < least : mean > least) best = point;
            }
            const double close = key.one_standard_error
                                     ? std::max(key.tolerance, best.standard_error(key.metric))
                                     : key.tolerance;
            std::erase_if(rest, [&](const OraclePoint& point) {
                const double mean = point.mean(key.metric);
                return mean != best.mean(key.metric) &&
                       !(std::abs(mean - best.mean(key.metric)) <= close);
            });
        }
        const std::uint32_t winner = rest.front().first_done;
        chosen.push_back(winner);
        std::erase_if(left, [&](const OraclePoint& point) { return point.first_done == winner; });
    }
    return chosen;
}

std::vector<std::uint32_t> chosen_by(const RandomCase& given) {
    std::vector<std::uint32_t> chosen;
    for (const UnitKey unit : decide(given.select, given.candidates).chosen)
        chosen.push_back(unit.index);
    return chosen;
}

TEST(RandomSelections, ChooseWhatASlowOracleChooses) {
    std::mt19937 random(21);
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        const RandomCase given = random_case(random);
        const auto chosen = chosen_by(given);
        ASSERT_EQ(chosen, oracle(given)) << "round " << round;
        refused += chosen.empty() ? 1 : 0;
    }
    EXPECT_GT(refused, 300);
    EXPECT_LT(refused, 2700);
}

TEST(RandomSelections, DoNotDependOnTheOrderOfRows) {
    std::mt19937 random(22);
    for (int round = 0; round < 500; ++round) {
        RandomCase given = random_case(random);
        const Decision before = decide(given.select, given.candidates);
        std::shuffle(given.candidates.begin(), given.candidates.end(), random);
        const Decision after = decide(given.select, given.candidates);
        ASSERT_EQ(before.chosen, after.chosen);
        ASSERT_EQ(before.explanation, after.explanation);
    }
}

TEST(RandomSelections, DoNotDependOnTheSignOfAMetricWhoseModeIsTurned) {
    std::mt19937 random(23);
    for (int round = 0; round < 500; ++round) {
        RandomCase given = random_case(random);
        const auto before = chosen_by(given);
        OrderKey& turned = given.select.order[random() % given.select.order.size()];
        turned.minimise = !turned.minimise;
        for (Candidate& candidate : given.candidates) {
            const Value* value = find_member(candidate.metrics, turned.metric);
            if (value != nullptr)
                set_member(candidate.metrics, turned.metric, -*value->as_number());
        }
        for (Condition& condition : given.select.require) {
            if (condition.metric != turned.metric) continue;
            condition.at_least = -*condition.at_most;
            condition.at_most.reset();
        }
        ASSERT_EQ(before, chosen_by(given));
    }
}

}  // namespace
}  // namespace xorch
