#pragma once

// Rows of numbers of one length: what an encoder makes of an image, of its patches, of texts. Pure.

#include <cstddef>
#include <vector>

namespace xorch::anomaly {

struct Features {
    int rows = 0;
    int columns = 0;
    std::vector<float> values;  // rows * columns

    const float* row(int i) const {
        return values.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(columns);
    }
};

// Each row to length 1; a row of zeros stays one.
void normalise_rows(Features& features);

// Below what `to` has.
void append_rows(Features& to, const Features& more);

}  // namespace xorch::anomaly
