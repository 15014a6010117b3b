#include "coordinator/report/tables/student_t.h"

#include <cmath>

#include "core/error.h"

namespace xorch {

namespace {

constexpr double pi = 3.14159265358979323846;

// The quantile 0.975 of the normal distribution.
constexpr double normal_975 = 1.959963984540054;

// From here on the expansion for many degrees of freedom is exact to about 1e-12, and the finite
// sum below begins to cost time.
constexpr std::uint64_t expansion_from = 200;

// P(|t| <= bound) for whole degrees of freedom: Abramowitz and Stegun, Handbook of Mathematical
// Functions, formulas 26.7.3 (odd) and 26.7.4 (even), finite sums in theta = atan(t / sqrt(n)).
double probability_within(double bound, std::uint64_t n) {
    const double theta = std::atan(bound / std::sqrt(static_cast<double>(n)));
    const double cos2 = std::cos(theta) * std::cos(theta);
    const bool is_odd = n % 2 == 1;
    double term = is_odd ? std::cos(theta) : 1.0;
    double sum = n == 1 ? 0.0 : term;
    for (std::uint64_t k = is_odd ? 3 : 2; k + 2 <= n; k += 2) {
        term *= cos2 * static_cast<double>(k - 1) / static_cast<double>(k);
        sum += term;
    }
    if (is_odd) return 2.0 / pi * (theta + std::sin(theta) * sum);
    return std::sin(theta) * sum;
}

// The same book, formula 26.7.5: the quantile as a series in 1/n around the normal one.
double expanded_quantile(std::uint64_t degrees_of_freedom) {
    const double x = normal_975;
    const double n = static_cast<double>(degrees_of_freedom);
    const double x2 = x * x;
    const double g1 = x * (x2 + 1) / 4;
    const double g2 = x * ((5 * x2 + 16) * x2 + 3) / 96;
    const double g3 = x * (((3 * x2 + 19) * x2 + 17) * x2 - 15) / 384;
    const double g4 = x * ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / 92160;
    return x + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

}  // namespace

double student_t_95(std::uint64_t degrees_of_freedom) {
    XORCH_CHECK(degrees_of_freedom > 0, "an interval needs two values");
    if (degrees_of_freedom >= expansion_from) return expanded_quantile(degrees_of_freedom);
    double low = 0;
    double high = 13;  // the bound for one degree of freedom is 12.71, and it falls with more
    while (true) {
        const double middle = (low + high) / 2;
        if (middle <= low || middle >= high) return middle;
        (probability_within(middle, degrees_of_freedom) < 0.95 ? low : high) = middle;
    }
}

}  // namespace xorch
