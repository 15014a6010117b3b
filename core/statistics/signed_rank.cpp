#include "core/statistics/signed_rank.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "core/statistics/ranks.h"

namespace xorch {

namespace {

// The approximation is good to three digits from here on, and the exact sum still takes no time.
constexpr std::size_t exact_max = 50;

// P(sum of the ranks with a positive sign <= w) if each sign is as likely as the other. Ranks are
// multiples of 1/2, so their doubles are whole.
double exact_tail(const std::vector<double>& ranks, double w) {
    const double total = std::accumulate(ranks.begin(), ranks.end(), 0.0);
    std::vector<double> chance(static_cast<std::size_t>(2 * total) + 1);
    chance[0] = 1.0;
    std::size_t reached = 0;
    for (const double rank : ranks) {
        const auto step = static_cast<std::size_t>(2 * rank);
        reached += step;
        for (std::size_t sum = reached + 1; sum > 0; --sum) {
            const std::size_t to = sum - 1;
            chance[to] = (chance[to] + (to >= step ? chance[to - step] : 0.0)) / 2;
        }
    }
    const auto end = chance.begin() + static_cast<std::ptrdiff_t>(2 * w) + 1;
    return std::accumulate(chance.begin(), end, 0.0);
}

double normal_tail(const std::vector<double>& sizes, double w) {
    const auto n = static_cast<double>(sizes.size());
    double ties = 0.0;
    for (const std::size_t size : tie_sizes(sizes)) {
        const auto t = static_cast<double>(size);
        ties += t * t * t - t;
    }
    const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
    const double z = (w + 0.5 - n * (n + 1) / 4) / std::sqrt(variance);
    return boost::math::cdf(boost::math::normal_distribution<double>(), z);
}

}  // namespace

std::optional<SignedRank> signed_rank_test(const std::vector<double>& differences) {
    std::vector<double> sizes;
    std::vector<bool> is_positive;
    for (const double difference : differences) {
        if (difference == 0.0) continue;
        sizes.push_back(std::abs(difference));
        is_positive.push_back(difference > 0.0);
    }
    if (sizes.empty()) return std::nullopt;
    const std::vector<double> ranks = average_ranks(sizes);
    double positive = 0.0;
    double negative = 0.0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        (is_positive[i] ? positive : negative) += ranks[i];
    }
    SignedRank result{.n = sizes.size(), .w = std::min(positive, negative)};
    result.is_exact = sizes.size() <= exact_max;
    const double tail =
        result.is_exact ? exact_tail(ranks, result.w) : normal_tail(sizes, result.w);
    result.p = std::min(1.0, 2 * tail);
    return result;
}

}  // namespace xorch
