#pragma once

// What inference leaves of a class: for each test image the scores of both branches, patch by patch
// and as a whole, beside the truth. Everything about a class is a function of it, whatever mode and
// whether images or pixels are judged; no later unit sees an image or a network again. Free of
// LibTorch.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/job_state.h"

namespace xorch::anomaly {

using TruthMask = Grid<std::uint8_t>;  // 1 where it is abnormal

struct ImageScores {
    std::string name;
    bool abnormal = false;
    float semantic = 0;  // of the whole image
    Plane semantic_map;  // by patch
    Plane memory_map;
    Plane margin_map;  // how much farther the second nearest normal patch is
    TruthMask mask;    // at the resolution at which pixels are judged
};

struct TaskMaps {
    std::string manifest_hash;  // of the images that they are of
    std::string encoder_hash;   // empty = another program asked an encoder of its own
    std::vector<ImageScores> images;
};

// Of less than all images it is a checkpoint of inference.
JobState store_maps(const TaskMaps& maps);

// corrupted where a map or a mask has another shape than the rest: scores of other patches or of
// another truth must not be compared.
Result<TaskMaps> restore_maps(const JobState& state);

// In a folder of its own; returns the hash of its files.
Result<std::string> write_maps(const std::string& folder, const TaskMaps& maps);

// conflict if the files do not have that hash; an empty one is not asked for.
Result<TaskMaps> read_maps(const std::string& folder, const std::string& hash);

}  // namespace xorch::anomaly
