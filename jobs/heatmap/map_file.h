#pragma once

// The maps of all samples as one unit leaves them for others: a map and its thresholds per sample.
// Whoever reads them says which samples it expects.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/heatmap/encode/feature_cache.h"
#include "jobs/heatmap/maps/heat_map.h"
#include "jobs/job.h"

namespace xorch::heatmap {

struct SampleMap {
    PatchMap map;
    Thresholds thresholds;  // of the map spread over the pixels
};

// Writes maps/; returns the hash of the file, for the unit's record.
Result<std::string> write_maps(NativeUnit& unit, const std::vector<SampleMap>& maps);

struct ReadMaps {
    std::vector<SampleMap> maps;  // in the order of the samples
    const UnitInput* made_by = nullptr;
};

// Those that an input left; they must be the file that its record names, and of so many samples.
Result<ReadMaps> read_maps(const NativeUnit& unit, std::size_t samples);

}  // namespace xorch::heatmap
