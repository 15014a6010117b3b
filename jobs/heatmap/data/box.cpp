#include "jobs/heatmap/data/box.h"

#include <algorithm>

namespace xorch::heatmap {

double overlap(const Box& left, const Box& right) {
    const double width = std::min(left.right, right.right) - std::max(left.left, right.left);
    const double height = std::min(left.bottom, right.bottom) - std::max(left.top, right.top);
    if (width <= 0 || height <= 0) return 0;
    const double both = width * height;
    return both / (left.area() + right.area() - both);
}

}  // namespace xorch::heatmap
