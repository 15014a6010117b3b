#pragma once

// Which units of two sides belong together. Internal to coordinator/report/compare.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/report/compare/comparison.h"

namespace xorch {

// All units of one point, on both sides.
struct UnitPair {
    Object point{};
    std::vector<const ComparedUnit*> a{};
    std::vector<const ComparedUnit*> b{};

    bool is_done() const;
};

// What units are matched by, and the axes that are left over, in the order of A, then B. An axis
// that is a constant on the other side counts if that is one of its values: then those units belong
// together. Otherwise it is what the sweeps differ in.
struct Matching {
    std::vector<std::string> by{};
    std::vector<std::string> only_a{};
    std::vector<std::string> only_b{};
};

Matching match_axes(const ComparedSide& a, const ComparedSide& b);

// In the order of A; points of B alone come last. The sides must outlive the pairs.
std::vector<UnitPair> pair_units(
    const ComparedSide& a, const ComparedSide& b, const std::vector<std::string>& axes
);

// The mean over the units; nothing if one of them has no finite number there, or there is none.
std::optional<double> mean_metric(
    const std::vector<const ComparedUnit*>& units, const std::string& metric
);

// "24, 26, 50", "[24,26]", "24 26" or a single number: the ids, each once, in their order.
std::vector<std::string> parse_ids(const Value& cell);

}  // namespace xorch
