#include "core/statistics/correlation.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/error.h"
#include "core/statistics/ranks.h"

namespace xorch {

namespace {

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

// Sorts the values and counts the pairs that stood in falling order.
std::uint64_t sort_and_count(std::vector<double>& values) {
    std::uint64_t falling = 0;
    std::vector<double> merged(values.size());
    for (std::size_t width = 1; width < values.size(); width *= 2) {
        for (std::size_t first = 0; first < values.size(); first += 2 * width) {
            const std::size_t middle = std::min(first + width, values.size());
            const std::size_t last = std::min(first + 2 * width, values.size());
            std::size_t left = first;
            std::size_t right = middle;
            for (std::size_t to = first; to < last; ++to) {
                const bool from_left =
                    left < middle && (right == last || values[left] <= values[right]);
                if (!from_left) falling += middle - left;
                merged[to] = values[from_left ? left++ : right++];
            }
        }
        std::swap(values, merged);
    }
    return falling;
}

std::uint64_t pairs_among(std::uint64_t count) {
    return count * (count - 1) / 2;
}

std::uint64_t tied_pairs(const std::vector<double>& values) {
    std::uint64_t pairs = 0;
    for (const std::size_t size : tie_sizes(values)) {
        pairs += pairs_among(size);
    }
    return pairs;
}

}  // namespace

std::optional<Correlation> spearman(const std::vector<double>& x, const std::vector<double>& y) {
    XORCH_CHECK(x.size() == y.size(), "samples of two lengths are correlated");
    if (x.size() < 3) return std::nullopt;
    const std::optional<double> rho = pearson(average_ranks(x), average_ranks(y));
    if (!rho) return std::nullopt;
    // P(|T| > t) for t = rho sqrt(df / (1 - rho^2)) is I(1 - rho^2; df / 2, 1 / 2).
    const double freedom = static_cast<double>(x.size() - 2);
    return Correlation{.rho = *rho, .p = boost::math::ibeta(freedom / 2.0, 0.5, 1.0 - *rho * *rho)};
}

// Knight's method (1966): with the pairs sorted by x and then by y, the pairs in opposite order
// are those that sorting by y alone must exchange.
std::optional<double> kendall_tau_b(const std::vector<double>& x, const std::vector<double>& y) {
    XORCH_CHECK(x.size() == y.size(), "samples of two lengths are correlated");
    if (x.size() < 2) return std::nullopt;
    std::vector<std::pair<double, double>> both(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        both[i] = {x[i], y[i]};
    }
    std::sort(both.begin(), both.end());
    std::uint64_t tied_in_both = 0;
    std::size_t run = 0;
    std::vector<double> by_x(x.size());
    for (std::size_t i = 0; i < both.size(); ++i) {
        run = i > 0 && both[i] == both[i - 1] ? run + 1 : 0;
        tied_in_both += run;
        by_x[i] = both[i].second;
    }
    const auto all = static_cast<double>(pairs_among(x.size()));
    const auto tied_x = static_cast<double>(tied_pairs(x));
    const auto tied_y = static_cast<double>(tied_pairs(y));
    if (tied_x == all || tied_y == all) return std::nullopt;
    const auto opposite = static_cast<double>(sort_and_count(by_x));
    const double equal = all - tied_x - tied_y + static_cast<double>(tied_in_both) - opposite;
    return (equal - opposite) / (std::sqrt(all - tied_x) * std::sqrt(all - tied_y));
}

}  // namespace xorch
