#pragma once

// Intervals of a mean by Student's t distribution, and how many repeats a difference needs. Pure.

#include <cstdint>
#include <optional>
#include <vector>

namespace xorch {

struct Interval {
    double low = 0.0;
    double high = 0.0;

    friend bool operator==(const Interval&, const Interval&) = default;
};

// The bound that a t-distributed variable of so many degrees of freedom (at least 1) stays within,
// on both sides, with probability 0.95: 12.706 for 1, 2.776 for 4, 1.960 for very many.
double student_t_95(std::uint64_t degrees_of_freedom);

double mean_of(const std::vector<double>& values);

// Of the sample (n - 1); at least two values.
double deviation_of(const std::vector<double>& values);

// The 95 % interval of the mean. Nothing for fewer than two values.
std::optional<Interval> mean_interval(const std::vector<double>& values);

// The least number of repeats on each side that shows a difference of two means with 80 % chance,
// at a two-sided level of 5 %, if both sides have this standard deviation. Nothing where more than
// 10,000 would be needed: then the two are the same for all purposes.
std::optional<std::uint32_t> repeats_to_tell(double difference, double deviation);

}  // namespace xorch
