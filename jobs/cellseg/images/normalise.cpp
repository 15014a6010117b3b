#include "jobs/cellseg/images/normalise.h"

#include "core/statistics/percentile.h"

namespace xorch::cellseg {

Plane normalise(const Plane& channel) {
    Plane result(channel.height, channel.width);
    const double low = percentile(channel.values, 0.01);
    const double range = percentile(channel.values, 0.99) - low;
    if (range <= 1e-3) return result;
    for (std::size_t i = 0; i < channel.values.size(); ++i) {
        result.values[i] = static_cast<float>((channel.values[i] - low) / range);
    }
    return result;
}

bool has_bright_ground(const Plane& channel) {
    const double low = percentile(channel.values, 0.01);
    const double high = percentile(channel.values, 0.99);
    return percentile(channel.values, 0.5) > (low + high) / 2.0;
}

}  // namespace xorch::cellseg
