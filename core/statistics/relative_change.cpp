#include "core/statistics/relative_change.h"

#include <cmath>

namespace xorch {

std::optional<double> relative_change(double value, double baseline) {
    if (baseline == 0.0) return std::nullopt;
    return 100.0 * (value - baseline) / std::abs(baseline);
}

}  // namespace xorch
