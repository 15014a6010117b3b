#pragma once

// Student's t distribution, as far as a confidence interval of a mean needs it.

#include <cstdint>

namespace xorch {

// The bound that a t-distributed variable of so many degrees of freedom (at least 1) stays within,
// on both sides, with probability 0.95: 12.706 for 1, 2.776 for 4, 1.960 for very many.
double student_t_95(std::uint64_t degrees_of_freedom);

}  // namespace xorch
