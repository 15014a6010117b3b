#pragma once

// Wilcoxon's signed-rank test (1945) of paired samples: are the differences as often and as far
// below 0 as above? It asks nothing of their distribution but symmetry. Pure.

#include <cstddef>
#include <optional>
#include <vector>

namespace xorch {

struct SignedRank {
    std::size_t n = 0;      // differences that are not 0
    double w = 0.0;         // the smaller one of the two rank sums
    double p = 1.0;         // two-sided
    bool is_exact = false;  // by the distribution given the ranks; else by the normal one
};

// Differences of 0 are left out, as Wilcoxon did; equal sizes share their mean rank, and the exact
// distribution is that of the shared ranks. Exact up to 50 differences; above, the normal
// approximation with corrections for ties and continuity. No NaN. Nothing if no difference is
// left.
std::optional<SignedRank> signed_rank_test(const std::vector<double>& differences);

}  // namespace xorch
