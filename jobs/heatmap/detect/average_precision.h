#pragma once

// How well boxes with scores find the true ones: average precision by the 11 points of VOC, per
// class. A box is matched with true ones of its own image, unless the pooled way of an old script
// is asked for, which takes a box in one image for a find in another. Pure.

#include <map>
#include <optional>
#include <vector>

#include "jobs/heatmap/data/box.h"

namespace xorch::heatmap {

struct Detection {
    int image = 0;
    Box box;
    double score = 0;
};

struct Truth {
    int image = 0;
    Box box;
};

struct ClassBoxes {
    std::vector<Detection> detections;
    std::vector<Truth> truths;
};

enum class Matching { per_image, pooled };

// For each least overlap. Best score first, equals in their order; each takes the free true box
// that it overlaps most, and is right if that is enough. 0 where nothing is true or nothing was
// found.
std::vector<double> average_precisions(
    const ClassBoxes& boxes, const std::vector<double>& overlaps, Matching matching
);

using BoxesByClass = std::map<ClassNumber, ClassBoxes>;

struct MeanPrecision {
    std::vector<double> mean;                            // for each least overlap
    std::map<ClassNumber, std::vector<double>> classes;  // those that have a true box
};

// Over the classes with a true box; nothing if there is none.
std::optional<MeanPrecision> mean_precision(
    const BoxesByClass& boxes, const std::vector<double>& overlaps, Matching matching
);

}  // namespace xorch::heatmap
