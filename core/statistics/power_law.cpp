#include "core/statistics/power_law.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics/percentile.h"

namespace xorch {

namespace {

// Exponents that are tried. Below, the curve is a logarithm; above, it is flat after the first
// budget.
constexpr double least_exponent = 0.01;
constexpr double largest_exponent = 10.0;
constexpr int grid_steps = 60;       // some 12 % apart, so that one valley is not taken for two
constexpr int narrowing_steps = 60;  // of the golden section: down to the rounding

struct LinearFit {
    double a = 0.0;
    double b = 0.0;
    double squares = std::numeric_limits<double>::infinity();  // of the residuals
};

// The sums that a straight line of the values over x = (n / scale)^-c is made of: all repeats of a
// budget have one x, so their number, sum and squares suffice.
struct BudgetSums {
    double budget = 0.0;  // over the least one, so that powers stay near 1
    double count = 0.0;
    double mean = 0.0;
    double squares = 0.0;  // of the distances from the mean
};

double least_budget(const std::vector<BudgetPoint>& points) {
    double least = std::numeric_limits<double>::infinity();
    for (const BudgetPoint& point : points) {
        least = std::min(least, point.budget);
    }
    return least;
}

std::vector<BudgetSums> sums_of(const std::vector<BudgetPoint>& points) {
    const double least = least_budget(points);
    std::vector<BudgetSums> sums;
    for (const BudgetPoint& point : points) {
        if (point.values.empty()) continue;
        BudgetSums each{
            .budget = point.budget / least, .count = static_cast<double>(point.values.size())};
        each.mean = mean_of(point.values);
        for (const double value : point.values) {
            each.squares += (value - each.mean) * (value - each.mean);
        }
        sums.push_back(each);
    }
    return sums;
}

LinearFit fit_line(const std::vector<BudgetSums>& sums, double exponent) {
    double count = 0.0;
    double mean_x = 0.0;
    double mean_y = 0.0;
    std::vector<double> x(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
        x[i] = std::pow(sums[i].budget, -exponent);
        count += sums[i].count;
        mean_x += sums[i].count * x[i];
        mean_y += sums[i].count * sums[i].mean;
    }
    mean_x /= count;
    mean_y /= count;
    double xx = 0.0;
    double xy = 0.0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        xx += sums[i].count * (x[i] - mean_x) * (x[i] - mean_x);
        xy += sums[i].count * (x[i] - mean_x) * (sums[i].mean - mean_y);
    }
    LinearFit fit;
    fit.b = xy / xx;
    fit.a = mean_y - fit.b * mean_x;
    fit.squares = 0.0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const double residual = sums[i].mean - fit.a - fit.b * x[i];
        fit.squares += sums[i].squares + sums[i].count * residual * residual;
    }
    return fit;
}

// The logarithm of the best exponent: the best point of a grid, then the golden section around it.
double best_log_exponent(const std::vector<BudgetSums>& sums) {
    const double low = std::log(least_exponent);
    const double step = (std::log(largest_exponent) - low) / grid_steps;
    const auto error = [&](double log) { return fit_line(sums, std::exp(log)).squares; };
    int best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= grid_steps; ++i) {
        const double squares = error(low + i * step);
        if (squares < least) {
            least = squares;
            best = i;
        }
    }
    constexpr double golden = 0.618'033'988'749'894'8;
    double left = low + std::max(best - 1, 0) * step;
    double right = low + std::min(best + 1, grid_steps) * step;
    for (int i = 0; i < narrowing_steps; ++i) {
        const double near_left = right - golden * (right - left);
        const double near_right = left + golden * (right - left);
        (error(near_left) <= error(near_right) ? right : left) =
            error(near_left) <= error(near_right) ? near_right : near_left;
    }
    return (left + right) / 2;
}

bool are_equal(const std::vector<BudgetSums>& sums) {
    return std::all_of(sums.begin(), sums.end(), [&](const BudgetSums& each) {
        return each.squares == 0.0 && each.mean == sums.front().mean;
    });
}

double count_values(const std::vector<BudgetPoint>& points) {
    double count = 0.0;
    for (const BudgetPoint& point : points) {
        count += static_cast<double>(point.values.size());
    }
    return count;
}

}  // namespace

double PowerLaw::at(double budget) const {
    return a + b * std::pow(budget, -c);
}

std::optional<PowerLaw> fit_power_law(const std::vector<BudgetPoint>& points) {
    const std::vector<BudgetSums> sums = sums_of(points);
    if (sums.size() < 3 || are_equal(sums)) return std::nullopt;
    const double log = best_log_exponent(sums);
    PowerLaw curve{.c = std::exp(log)};
    const LinearFit line = fit_line(sums, curve.c);
    curve.a = line.a;
    curve.b = line.b * std::pow(least_budget(points), curve.c);
    curve.rmse = std::sqrt(line.squares / count_values(points));
    constexpr double margin = 1e-6;
    curve.is_at_bound =
        log < std::log(least_exponent) + margin || log > std::log(largest_exponent) - margin;
    return curve;
}

std::optional<std::vector<Interval>> power_law_band(
    const std::vector<BudgetPoint>& points, const Resampling& resampling
) {
    const bool has_repeats = std::all_of(points.begin(), points.end(), [](const auto& point) {
        return point.values.size() > 1;
    });
    if (!has_repeats || !fit_power_law(points)) return std::nullopt;
    std::vector<std::vector<double>> curves(points.size());
    std::vector<BudgetPoint> drawn = points;
    for (std::uint32_t draw = 0; draw < resampling.draws; ++draw) {
        for (std::uint32_t i = 0; i < points.size(); ++i) {
            const std::vector<double>& values = points[i].values;
            const auto places = resample(resampling, draw, i, values.size());
            for (std::size_t k = 0; k < places.size(); ++k) {
                drawn[i].values[k] = values[places[k]];
            }
        }
        const auto curve = fit_power_law(drawn);
        for (std::size_t i = 0; i < points.size(); ++i) {
            // Where all drawn values are equal, they are the curve.
            curves[i].push_back(curve ? curve->at(points[i].budget) : drawn[i].values.front());
        }
    }
    std::vector<Interval> band;
    for (std::vector<double>& values : curves) {
        band.push_back({.low = percentile(values, 0.025), .high = percentile(values, 0.975)});
    }
    return band;
}

std::optional<double> pooled_deviation(const std::vector<BudgetPoint>& points) {
    double squares = 0.0;
    std::size_t freedom = 0;
    for (const BudgetPoint& point : points) {
        if (point.values.size() < 2) continue;
        const double deviation = deviation_of(point.values);
        squares += deviation * deviation * static_cast<double>(point.values.size() - 1);
        freedom += point.values.size() - 1;
    }
    if (freedom == 0) return std::nullopt;
    return std::sqrt(squares / static_cast<double>(freedom));
}

std::optional<double> sufficient_budget(
    const PowerLaw& curve, const std::vector<BudgetPoint>& points
) {
    const auto deviation = pooled_deviation(points);
    if (!deviation) return std::nullopt;
    std::uint64_t freedom = 0;
    std::vector<double> budgets;
    for (const BudgetPoint& point : points) {
        if (!point.values.empty()) freedom += point.values.size() - 1;
        budgets.push_back(point.budget);
    }
    std::sort(budgets.begin(), budgets.end());
    const double repeats = count_values(points) / static_cast<double>(points.size());
    const double noise = student_t_95(freedom) * *deviation * std::sqrt(2.0 / repeats);
    for (const double budget : budgets) {
        if (std::abs(curve.at(budgets.back()) - curve.at(budget)) <= noise) return budget;
    }
    return budgets.back();
}

}  // namespace xorch
