#include "jobs/cellseg/flows/labels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xorch::cellseg {

int max_label(const Labels& labels) {
    const auto largest = std::max_element(labels.values.begin(), labels.values.end());
    return largest == labels.values.end() ? 0 : std::max(0, *largest);
}

std::vector<int> count_pixels(const Labels& labels) {
    std::vector<int> counts(static_cast<std::size_t>(max_label(labels)) + 1);
    for (const int label : labels.values) {
        ++counts[static_cast<std::size_t>(label)];
    }
    return counts;
}

int count_cells(const Labels& labels) {
    const std::vector<int> counts = count_pixels(labels);
    const auto present =
        std::count_if(counts.begin() + 1, counts.end(), [](int count) { return count > 0; });
    return static_cast<int>(present);
}

std::vector<Box> find_boxes(const Labels& labels) {
    std::vector<Box> boxes(static_cast<std::size_t>(max_label(labels)));
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            const int label = labels.at(y, x);
            if (label == 0) continue;
            Box& box = boxes[static_cast<std::size_t>(label) - 1];
            if (box.is_empty()) box = {.top = y, .left = x, .bottom = y + 1, .right = x + 1};
            box.bottom = y + 1;
            box.left = std::min(box.left, x);
            box.right = std::max(box.right, x + 1);
        }
    }
    return boxes;
}

void renumber(Labels& labels) {
    std::vector<int> number(static_cast<std::size_t>(max_label(labels)) + 1);
    int last = 0;
    for (int& label : labels.values) {
        if (label == 0) continue;
        int& known = number[static_cast<std::size_t>(label)];
        if (known == 0) known = ++last;
        label = known;
    }
}

void remove_labels(Labels& labels, const std::vector<bool>& removed) {
    for (int& label : labels.values) {
        if (removed[static_cast<std::size_t>(label)]) label = 0;
    }
}

double median_diameter(const Labels& labels) {
    std::vector<double> roots;
    const std::vector<int> counts = count_pixels(labels);
    for (std::size_t label = 1; label < counts.size(); ++label) {
        if (counts[label] > 0) roots.push_back(std::sqrt(static_cast<double>(counts[label])));
    }
    if (roots.empty()) return 0.0;
    std::sort(roots.begin(), roots.end());
    const std::size_t middle = roots.size() / 2;
    const double median =
        roots.size() % 2 == 1 ? roots[middle] : (roots[middle - 1] + roots[middle]) / 2.0;
    return median * 2.0 / std::sqrt(std::numbers::pi);
}

}  // namespace xorch::cellseg
