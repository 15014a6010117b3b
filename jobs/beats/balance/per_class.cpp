#include "jobs/beats/balance/per_class.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "core/error.h"

namespace xorch::beats {

ClassCounts count_classes(std::span<const std::uint8_t> classes) {
    ClassCounts counts{};
    for (const std::uint8_t each : classes) {
        ++counts.at(each);
    }
    return counts;
}

PerClass shares_of(const ClassCounts& counts) {
    const auto total = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    PerClass shares{};
    if (total == 0) return shares;
    std::transform(counts.begin(), counts.end(), shares.begin(), [&](std::int64_t count) {
        return static_cast<double>(count) / static_cast<double>(total);
    });
    return shares;
}

PerClass normalised(const PerClass& values) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    XORCH_CHECK(sum > 0, "shares need a positive sum");
    PerClass result = values;
    for (double& value : result) {
        value /= sum;
    }
    return result;
}

PerClass product(const PerClass& left, const PerClass& right) {
    PerClass result{};
    std::transform(left.begin(), left.end(), right.begin(), result.begin(), std::multiplies<>());
    return result;
}

}  // namespace xorch::beats
