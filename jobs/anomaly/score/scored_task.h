#pragma once

// How well scores tell normal from abnormal, image by image (CLS) or pixel by pixel (SEG): areas
// under the ROC curve in points from 0 to 100, over all test images of a class, for any mode and
// for both branches after the very same steps.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/anomaly/score/fusion.h"
#include "jobs/anomaly/score/maps.h"
#include "jobs/anomaly/score/task_maps.h"

namespace xorch::anomaly {

// An image's memory score: its greatest patch, or the greatest pixel of its enlarged map. The
// published program does the one in its scorer and the other one in its metric.
enum class MemoryReduction { patch, map };

// The oracle of pixels knows the truth; max_alias is what the published program called so.
enum class OracleKind { pixel, max_alias };

struct ScoringSettings {
    Calibration calibration = Calibration::none;
    MemoryReduction memory = MemoryReduction::patch;
    OracleKind oracle = OracleKind::pixel;
    PixelMaps pixels = {};
};

// What holds for every mode alike.
struct BranchReport {
    std::optional<double> semantic;  // area; nothing where a side is missing
    std::optional<double> memory;
    double oracle_semantic_ratio = 0;
    double semantic_share = 0;
};

struct ModeReport {
    std::optional<double> area;
    std::string score_hash;  // equal ones mean that two modes are one
};

struct TaskReport {
    BranchReport branches;
    std::vector<ModeReport> modes;  // as asked for
};

TaskReport score_images(
    const TaskMaps& maps, const ScoringSettings& settings, const std::vector<ScoreMode>& modes
);

TaskReport score_pixels(
    const TaskMaps& maps, const ScoringSettings& settings, const std::vector<ScoreMode>& modes
);

// The memory score of a whole image.
float memory_of_image(const ImageScores& image, MemoryReduction how, const PixelMaps& pixels);

}  // namespace xorch::anomaly
