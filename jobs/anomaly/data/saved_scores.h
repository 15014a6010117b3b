#pragma once

// Scores that the published program saved beside its results: JSON with semantic_scores and
// memory_scores, one entry per test image, of patches (SEG) or of whole images (CLS). Files of the
// modes "semantic" and "memory" have one branch only, so a branch is looked for in all files of a
// class.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"

namespace xorch::anomaly {

struct SavedPlace {
    std::string folder;  // the program's result/gate
    std::string dataset;
    std::string class_name;
    std::int64_t k_shot = 1;
    std::int64_t seed = 0;
};

enum class SavedBranch { semantic, memory };

// By patch, of SEG. not_found if no file has the branch; corrupted names the file whose scores are
// no square maps of numbers.
Result<std::vector<Plane>> read_saved_maps(const SavedPlace& place, SavedBranch branch);

// Of whole images, of CLS. The memory score of an image is a function of its map.
Result<std::vector<float>> read_saved_semantic(const SavedPlace& place);

}  // namespace xorch::anomaly
