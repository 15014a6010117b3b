#include "core/statistics/bootstrap.h"

#include <array>

#include "core/error.h"
#include "core/philox.h"
#include "core/statistics/percentile.h"

namespace xorch {

std::vector<std::size_t> resample(
    const Resampling& resampling, std::uint32_t draw, std::uint32_t group, std::size_t count
) {
    const PhiloxKey key{
        static_cast<std::uint32_t>(resampling.seed),
        static_cast<std::uint32_t>(resampling.seed >> 32U)};
    std::vector<std::size_t> places(count);
    std::array<std::uint32_t, 4> bits{};
    for (std::size_t i = 0; i < count; ++i) {
        if (i % bits.size() == 0) {
            bits = philox4x32({static_cast<std::uint32_t>(i / bits.size()), draw, group, 0}, key);
        }
        // A share of 2^-32 * count of bias is far below the noise of the draws.
        places[i] = (std::uint64_t{bits[i % bits.size()]} * count) >> 32U;
    }
    return places;
}

Interval bootstrap_mean_interval(const std::vector<double>& values, const Resampling& resampling) {
    XORCH_CHECK(!values.empty(), "a bootstrap of nothing");
    std::vector<double> means(resampling.draws);
    for (std::uint32_t draw = 0; draw < resampling.draws; ++draw) {
        double sum = 0.0;
        for (const std::size_t place : resample(resampling, draw, 0, values.size())) {
            sum += values[place];
        }
        means[draw] = sum / static_cast<double>(values.size());
    }
    return {.low = percentile(means, 0.025), .high = percentile(means, 0.975)};
}

}  // namespace xorch
