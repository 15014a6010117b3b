#pragma once

// Maps of a few made images, for tests that need no network.

#include <cstdint>

#include "jobs/anomaly/score/task_maps.h"

namespace xorch::anomaly {

struct MapSizes {
    int images = 6;  // every other one abnormal
    int side = 5;
    int resolution = 20;
};

// Random scores; abnormal images have a rectangle in their mask and higher scores under it.
TaskMaps simple_maps(std::uint64_t seed, MapSizes sizes = {});

}  // namespace xorch::anomaly
