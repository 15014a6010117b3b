#include "jobs/heatmap/maps/gaps.h"

#include <algorithm>

#include "core/statistics/relative_change.h"

namespace xorch::heatmap {

std::vector<bool> patches_inside(int grid, const std::vector<Box>& boxes) {
    std::vector<bool> inside;
    const auto centre = [grid](int place) { return image_side * (2 * place + 1) / (2 * grid); };
    for (int row = 0; row < grid; ++row) {
        for (int column = 0; column < grid; ++column) {
            const int y = centre(row);
            const int x = centre(column);
            inside.push_back(std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
                return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
            }));
        }
    }
    return inside;
}

std::optional<Gap> gap_of(const PatchMap& map, const std::vector<bool>& inside) {
    const auto count = std::count(inside.begin(), inside.end(), true);
    if (count == 0 || count == static_cast<std::ptrdiff_t>(inside.size())) return std::nullopt;
    const auto rest = static_cast<std::ptrdiff_t>(inside.size()) - count;
    Gap gap;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        (inside[i] ? gap.inside : gap.outside) += map.values[i];
    }
    gap.inside /= static_cast<double>(count);
    gap.outside /= static_cast<double>(rest);
    return gap;
}

GapSummary summarise(const std::vector<GapChange>& changes) {
    XORCH_CHECK(!changes.empty(), "the gaps of no sample");
    GapSummary summary;
    const auto size = static_cast<double>(changes.size());
    for (const GapChange& change : changes) {
        ++summary.samples;
        summary.mean_before += change.before / size;
        summary.mean_after += change.after / size;
        summary.share_negative_before += (change.before < 0 ? 1 : 0) / size;
        summary.reversed += change.before > 0 && change.after < 0 ? 1 : 0;
    }
    summary.change_per_cent = relative_change(summary.mean_after, summary.mean_before);
    return summary;
}

}  // namespace xorch::heatmap
