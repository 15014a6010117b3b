#include "core/statistics/ranks.h"

#include <algorithm>
#include <numeric>

namespace xorch {

std::vector<std::size_t> rising_order(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return values[left] < values[right];
    });
    return order;
}

std::vector<double> average_ranks(const std::vector<double>& values) {
    const std::vector<std::size_t> order = rising_order(values);
    std::vector<double> ranks(values.size());
    std::size_t first = 0;
    for (const std::size_t size : tie_sizes(values)) {
        const double rank = static_cast<double>(2 * first + size + 1) / 2.0;
        for (const std::size_t end = first + size; first < end; ++first) {
            ranks[order[first]] = rank;
        }
    }
    return ranks;
}

std::vector<std::size_t> tie_sizes(const std::vector<double>& values) {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (i == 0 || sorted[i] != sorted[i - 1]) sizes.push_back(0);
        ++sizes.back();
    }
    return sizes;
}

std::optional<double> auroc(
    const std::vector<double>& positives, const std::vector<double>& negatives
) {
    if (positives.empty() || negatives.empty()) return std::nullopt;
    std::vector<double> all = positives;
    all.insert(all.end(), negatives.begin(), negatives.end());
    const std::vector<double> ranks = average_ranks(all);
    const auto count = static_cast<double>(positives.size());
    const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(positives.size());
    const double rank_sum = std::accumulate(ranks.begin(), end, 0.0);
    return (rank_sum - count * (count + 1) / 2) / (count * static_cast<double>(negatives.size()));
}

}  // namespace xorch
