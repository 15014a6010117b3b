#include "coordinator/report/tables/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xorch {

namespace {

// An end of the band rests on 25 of them; a summary is made while units run, so it must be quick.
constexpr std::uint32_t band_draws = 1000;

std::vector<BudgetStep> make_steps(const BudgetCurve& curve) {
    std::vector<BudgetStep> steps;
    for (std::size_t i = 1; i < curve.points.size(); ++i) {
        const BudgetPoint& from = curve.points[i - 1];
        const BudgetPoint& to = curve.points[i];
        BudgetStep step{.from = from.budget, .to = to.budget};
        step.gain = mean_of(to.values) - mean_of(from.values);
        if (curve.noise) step.repeats = repeats_to_tell(step.gain, *curve.noise);
        steps.push_back(step);
    }
    return steps;
}

}  // namespace

BudgetCurve make_curve(std::vector<BudgetPoint> points, std::uint64_t seed) {
    std::erase_if(points, [](const BudgetPoint& point) { return point.values.empty(); });
    std::sort(points.begin(), points.end(), [](const BudgetPoint& a, const BudgetPoint& b) {
        return a.budget < b.budget;
    });
    BudgetCurve curve;
    curve.points = std::move(points);
    curve.noise = pooled_deviation(curve.points);
    curve.fit = fit_power_law(curve.points);
    if (curve.fit) {
        curve.sufficient_budget = sufficient_budget(*curve.fit, curve.points);
        auto band = power_law_band(curve.points, {.seed = seed, .draws = band_draws});
        if (band) curve.band = *std::move(band);
    }
    curve.steps = make_steps(curve);
    return curve;
}

Object curve_json(const BudgetCurve& curve) {
    Array points;
    for (std::size_t i = 0; i < curve.points.size(); ++i) {
        const BudgetPoint& point = curve.points[i];
        Object object{
            {"budget", point.budget                                  },
            {"n",      static_cast<std::int64_t>(point.values.size())},
            {"mean",   mean_of(point.values)                         }
        };
        if (curve.fit) object.emplace_back("fit", curve.fit->at(point.budget));
        if (!curve.band.empty()) {
            object.emplace_back("band_low", curve.band[i].low);
            object.emplace_back("band_high", curve.band[i].high);
        }
        points.emplace_back(std::move(object));
    }
    Array steps;
    for (const BudgetStep& step : curve.steps) {
        Object object{
            {"from", step.from},
            {"to",   step.to  },
            {"gain", step.gain}
        };
        if (step.repeats) object.emplace_back("repeats_to_tell", std::int64_t{*step.repeats});
        steps.emplace_back(std::move(object));
    }
    Object object{
        {"group",  curve.group },
        {"metric", curve.metric}
    };
    if (curve.fit) {
        object.emplace_back("a", curve.fit->a);
        object.emplace_back("b", curve.fit->b);
        object.emplace_back("c", curve.fit->c);
        object.emplace_back("rmse", curve.fit->rmse);
        object.emplace_back("bend_is_known", !curve.fit->is_at_bound);
    }
    if (curve.noise) object.emplace_back("noise", *curve.noise);
    if (curve.sufficient_budget) {
        object.emplace_back("sufficient_budget", *curve.sufficient_budget);
    }
    object.emplace_back("points", std::move(points));
    object.emplace_back("steps", std::move(steps));
    return object;
}

std::string curve_line(const BudgetCurve& curve) {
    std::string line = curve.metric + ": ";
    if (!curve.fit) return line + "no curve: three budgets with different results are needed";
    line += fmt::format(
        "{:.4g} {} {:.3g} n^-{:.3g}",
        curve.fit->a,
        curve.fit->b < 0 ? "-" : "+",
        std::abs(curve.fit->b),
        curve.fit->c
    );
    if (curve.fit->is_at_bound) line += " (these budgets do not show how it bends)";
    if (!curve.sufficient_budget) return line + "; repeats would say what is noise";
    const double last = curve.points.back().budget;
    line += *curve.sufficient_budget < last
                ? fmt::format("; after {:g} gains are noise", *curve.sufficient_budget)
                : fmt::format("; still gaining at {:g}", last);
    for (const BudgetStep& step : curve.steps) {
        line += fmt::format(
            "; {:g} and {:g}: {}",
            step.from,
            step.to,
            step.repeats ? fmt::format("{} repeats tell", *step.repeats) : "alike"
        );
    }
    return line;
}

}  // namespace xorch
