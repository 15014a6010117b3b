#include "core/statistics/adjustment.h"

#include <algorithm>

#include "core/statistics/ranks.h"

namespace xorch {

std::vector<double> adjust_for_any_error(const std::vector<double>& p) {
    const std::vector<std::size_t> order = rising_order(p);
    std::vector<double> adjusted(p.size());
    double largest = 0.0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        largest = std::max(largest, p[order[i]] * static_cast<double>(p.size() - i));
        adjusted[order[i]] = std::min(largest, 1.0);
    }
    return adjusted;
}

std::vector<double> adjust_for_false_discovery(const std::vector<double>& p) {
    const std::vector<std::size_t> order = rising_order(p);
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

}  // namespace xorch
