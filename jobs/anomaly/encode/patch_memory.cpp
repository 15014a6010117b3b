#include "jobs/anomaly/encode/patch_memory.h"

#include <algorithm>
#include <cmath>

#include "jobs/anomaly/encode/patch_core.h"

namespace xorch::anomaly {

void PatchMemory::add(const std::array<Features, 2>& levels) {
    for (std::size_t level = 0; level < banks_.size(); ++level) {
        append_rows(banks_[level], levels[level]);
    }
}

void PatchMemory::close() {
    if (!settings_.coreset) return;
    const Features all = join_columns(banks_[0], banks_[1]);
    const int count = static_cast<int>(std::lround(settings_.share * all.rows));
    coreset_ = choose_coreset(all, std::clamp(count, 1, all.rows));
}

MemoryScores PatchMemory::scores(const std::array<Features, 2>& levels) const {
    if (settings_.coreset) {
        return neighbour_scores(join_columns(levels[0], levels[1]), coreset_, settings_.neighbours);
    }
    return mean_scores(memory_scores(levels[0], banks_[0]), memory_scores(levels[1], banks_[1]));
}

}  // namespace xorch::anomaly
