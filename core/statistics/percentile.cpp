#include "core/statistics/percentile.h"

#include <algorithm>

#include "core/error.h"

namespace xorch {

namespace {

template <class Number>
double interpolate(std::vector<Number> values, double fraction) {
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

}  // namespace

double percentile(std::vector<float> values, double fraction) {
    return interpolate(std::move(values), fraction);
}

double percentile(std::vector<double> values, double fraction) {
    return interpolate(std::move(values), fraction);
}

}  // namespace xorch
