#pragma once

// What an evaluation leaves beside its record: a table with the counts of every image, from which
// later units compute without seeing an image again, and a picture of outlines.

#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/evaluation.h"
#include "jobs/job.h"

namespace xorch::cellseg {

inline constexpr const char* image_scores_name = "images.tsv";

Result<void> write_image_scores(NativeUnit& unit, const std::vector<ImageScore>& scores);

// The error names the file.
Result<std::vector<ImageScore>> read_image_scores(const std::string& path);

using Segmentation = std::function<Result<Labels>(const CellImage& image)>;

// panels.png: the first images of each group, as many as the parameter `panels` says.
Result<void> write_panels(
    NativeUnit& unit, const std::vector<CellImage>& images, const Segmentation& segment
);

}  // namespace xorch::cellseg
