#include "core/statistics/interval.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace xorch {

namespace {

constexpr std::uint32_t repeats_max = 10'000;
constexpr double power = 0.8;  // the usual chance of seeing what is there

double t_quantile(double probability, double degrees_of_freedom) {
    return boost::math::quantile(
        boost::math::students_t_distribution<double>(degrees_of_freedom), probability
    );
}

// Whether so many repeats suffice, by the t approximation of the power of a two-sample test.
bool suffices(std::uint32_t repeats, double effect) {
    const double freedom = 2.0 * repeats - 2.0;
    const double reach = t_quantile(0.975, freedom) + t_quantile(power, freedom);
    return effect * std::sqrt(repeats / 2.0) >= reach;
}

}  // namespace

double student_t_95(std::uint64_t degrees_of_freedom) {
    XORCH_CHECK(degrees_of_freedom > 0, "an interval needs two values");
    return t_quantile(0.975, static_cast<double>(degrees_of_freedom));
}

double mean_of(const std::vector<double>& values) {
    XORCH_CHECK(!values.empty(), "the mean of nothing");
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values) {
    XORCH_CHECK(values.size() > 1, "the deviation of one value");
    const double mean = mean_of(values);
    double squares = 0.0;
    for (const double value : values) {
        squares += (value - mean) * (value - mean);
    }
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::optional<Interval> mean_interval(const std::vector<double>& values) {
    if (values.size() < 2) return std::nullopt;
    const double half = student_t_95(values.size() - 1) * deviation_of(values) /
                        std::sqrt(static_cast<double>(values.size()));
    const double mean = mean_of(values);
    return Interval{.low = mean - half, .high = mean + half};
}

std::optional<std::uint32_t> repeats_to_tell(double difference, double deviation) {
    const double effect = std::abs(difference) / deviation;
    if (std::isnan(effect) || !suffices(repeats_max, effect)) return std::nullopt;
    std::uint32_t too_few = 1;
    std::uint32_t enough = repeats_max;
    while (enough - too_few > 1) {
        const std::uint32_t middle = (too_few + enough) / 2;
        (suffices(middle, effect) ? enough : too_few) = middle;
    }
    return enough;
}

}  // namespace xorch
