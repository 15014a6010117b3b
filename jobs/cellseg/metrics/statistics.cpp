#include "jobs/cellseg/metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace xorch::cellseg {

namespace {

std::vector<std::size_t> order_of(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return values[left] < values[right];
    });
    return order;
}

std::vector<double> average_ranks(const std::vector<double>& values) {
    const std::vector<std::size_t> order = order_of(values);
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) {
            ++last;
        }
        const double rank = static_cast<double>(first + last) / 2.0 + 1.0;
        for (; first <= last; ++first) {
            ranks[order[first]] = rank;
        }
    }
    return ranks;
}

std::optional<double> pearson(const std::vector<double>& x, const std::vector<double>& y) {
    const double n = static_cast<double>(x.size());
    const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
    const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
    double xx = 0.0;
    double yy = 0.0;
    double xy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    if (xx == 0.0 || yy == 0.0) return std::nullopt;
    return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

// The continued fraction of the incomplete beta function by Lentz's method (Abramowitz and Stegun
// 26.5.8). It converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    constexpr int terms_max = 500;  // a few dozen suffice for any number of samples
    const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1.0;
    double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    double result = d;
    for (int m = 1; m <= terms_max; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        result *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        result *= d * c;
        if (std::abs(d * c - 1.0) < std::numeric_limits<double>::epsilon()) break;
    }
    return result;
}

double incomplete_beta(double a, double b, double x) {
    if (x <= 0.0) return 0.0;
    if (x >= 1.0) return 1.0;
    const double front = std::exp(
        std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x)
    );
    if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

}  // namespace

double percentile(std::vector<float> values, double fraction) {
    XORCH_CHECK(!values.empty(), "the percentile of nothing");
    const double position = fraction * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const auto lower = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), lower, values.end());
    const double low = *lower;
    if (below + 1 == values.size()) return low;
    const double high = *std::min_element(lower + 1, values.end());
    return low + (high - low) * (position - static_cast<double>(below));
}

std::optional<Correlation> spearman(const std::vector<double>& x, const std::vector<double>& y) {
    XORCH_CHECK(x.size() == y.size(), "samples of two lengths are correlated");
    if (x.size() < 3) return std::nullopt;
    const std::optional<double> rho = pearson(average_ranks(x), average_ranks(y));
    if (!rho) return std::nullopt;
    // P(|T| > t) for t = rho sqrt(df / (1 - rho^2)) is I(1 - rho^2; df / 2, 1 / 2).
    const double freedom = static_cast<double>(x.size() - 2);
    return Correlation{.rho = *rho, .p = incomplete_beta(freedom / 2.0, 0.5, 1.0 - *rho * *rho)};
}

std::vector<double> adjust_for_false_discovery(const std::vector<double>& p) {
    const std::vector<std::size_t> order = order_of(p);
    std::vector<double> adjusted(p.size());
    double least = 1.0;
    for (std::size_t rank = order.size(); rank > 0; --rank) {
        const std::size_t test = order[rank - 1];
        least =
            std::min(least, p[test] * static_cast<double>(p.size()) / static_cast<double>(rank));
        adjusted[test] = least;
    }
    return adjusted;
}

}  // namespace xorch::cellseg
