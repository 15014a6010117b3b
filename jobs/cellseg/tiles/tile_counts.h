#pragma once

// What was counted in a tile: a row of tile_counts.tsv.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/cellseg/tiles/tile_folder.h"

namespace xorch::cellseg {

inline constexpr const char* tile_counts_name = "tile_counts.tsv";

struct TileCounts {
    int total = 0;      // cells
    int positive = 0;   // those whose marker is bright
    int area = 0;       // of the tile, pixels
    int in_truth = -1;  // cells that a made tile has; -1 = nobody knows

    friend bool operator==(const TileCounts&, const TileCounts&) = default;
};

// A cell is positive if its mean marker is above the 75th percentile of the tile's.
TileCounts count_tile(const Labels& cells, const Plane& marker);

struct TileRow {
    std::string model;
    TileFile tile;
    TileCounts counts;
};

std::string format_tile_rows(const std::vector<TileRow>& rows);

// The error names the file.
Result<std::vector<TileRow>> read_tile_rows(const std::string& path);

}  // namespace xorch::cellseg
