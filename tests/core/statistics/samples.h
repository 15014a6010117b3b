#pragma once

// Random samples for comparing the statistics with slow references.

#include <random>
#include <vector>

namespace xorch {

// Whole numbers from -reach to reach, so that ties and zeros are many.
inline std::vector<double> tied_sample(std::mt19937& random, std::size_t count, int reach) {
    std::vector<double> values(count);
    for (double& value : values) {
        value = std::uniform_int_distribution<int>(-reach, reach)(random);
    }
    return values;
}

inline std::vector<double> normal_sample(std::mt19937& random, std::size_t count) {
    std::vector<double> values(count);
    for (double& value : values) {
        value = std::normal_distribution<double>()(random);
    }
    return values;
}

}  // namespace xorch
