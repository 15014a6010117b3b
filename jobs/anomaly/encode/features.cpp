#include "jobs/anomaly/encode/features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace xorch::anomaly {

void normalise_rows(Features& features) {
    for (auto row = features.values.begin(); row != features.values.end();) {
        const auto end = row + features.columns;
        const double length = std::sqrt(std::inner_product(row, end, row, 0.0));
        std::transform(row, end, row, [&](float value) {
            return length == 0 ? value : static_cast<float>(value / length);
        });
        row = end;
    }
}

void append_rows(Features& to, const Features& more) {
    XORCH_CHECK(to.rows == 0 || to.columns == more.columns, "rows of one length");
    to.columns = more.columns;
    to.rows += more.rows;
    to.values.insert(to.values.end(), more.values.begin(), more.values.end());
}

}  // namespace xorch::anomaly
