#pragma once

// A class of made images on disk, in the layout of MVTec AD or of VisA: four normal images to train
// on, ten normal and ten abnormal ones to test on, half of these with either kind of defect.

#include <functional>
#include <string>

#include "core/error.h"
#include "jobs/anomaly/data/painting.h"

namespace xorch::anomaly {

enum class ClassLayout { mvtec, visa };

struct MadeClass {
    std::string folder;  // is made
    ClassLayout layout = ClassLayout::mvtec;
    bool texture = false;  // has the defects of surfaces, not those of parts
};

struct WantedImage {
    DefectKind defect = DefectKind::none;
    bool train = false;
    std::int64_t number = 0;  // each of its own
};

Result<void> write_class(
    const MadeClass& made, const std::function<Painting(const WantedImage& wanted)>& paint_one
);

}  // namespace xorch::anomaly
