#pragma once

// Where the tiles of a unit come from: a folder of the user's, or the made cohort of the unit's
// seed.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/images/normalise.h"
#include "jobs/cellseg/tiles/cohort.h"
#include "jobs/cellseg/tiles/tile_folder.h"
#include "jobs/job.h"

namespace xorch::cellseg {

struct Tile {
    Channels channels;  // normalised
    int in_truth = -1;  // cells, where they are known
};

class TileSource {
 public:
    static Result<TileSource> open(const NativeUnit& unit);

    int count() const;

    TileFile name(int tile) const;

    // The error names the file.
    Result<Tile> load(int tile) const;

    const std::map<std::string, int>& unmatched() const { return unmatched_; }

    // Markers of the cohort without a tile.
    std::vector<std::string> vanished() const;

 private:
    std::optional<Cohort> cohort_;
    std::string folder_;
    std::vector<TileFile> files_;
    std::map<std::string, int> unmatched_;
};

// As the parameters `donors`, `tiles` and `side` and the unit's seed say.
CohortSettings cohort_settings(const NativeUnit& unit);

}  // namespace xorch::cellseg
