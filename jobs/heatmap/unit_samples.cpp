#include "jobs/heatmap/unit_samples.h"

#include <algorithm>

namespace xorch::heatmap {

Result<ChosenSamples> open_samples(const NativeUnit& unit) {
    auto cache = FeatureCache::open(unit);
    if (!cache) return tl::unexpected(cache.error());
    auto samples = cache->samples();
    if (!samples) return tl::unexpected(samples.error());
    const auto wanted = static_cast<std::size_t>(unit.params().integer("samples"));
    if (wanted > 0) samples->resize(std::min(wanted, samples->size()));
    return ChosenSamples{.cache = std::move(*cache), .samples = std::move(*samples)};
}

}  // namespace xorch::heatmap
