#pragma once

// A made cohort of donors with tiles of five markers and clinical columns, whose truth is known:
// each donor has a hidden burden; the density of each marker's cells follows it by a strength of
// its own, and the clinical columns are monotone in it, with noise. Nuclei without the marker vary
// from donor to donor for reasons of their own: whoever counts them as cells counts noise. Nothing
// is stored: a tile is drawn from its number.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/data/scene.h"
#include "jobs/cellseg/tiles/tile_folder.h"

namespace xorch::cellseg {

struct CohortSettings {
    std::uint64_t seed = 0;
    int donors = 69;
    int tiles = 14'749;
    int side = 64;  // of a tile, pixels
};

class Cohort {
 public:
    explicit Cohort(const CohortSettings& settings);

    int tiles() const { return settings_.tiles; }

    // Paths in the layout of tile_folder.h.
    TileFile name(int tile) const;

    // Whole numbers, as a 16-bit camera leaves them.
    Scene draw(int tile) const;

    // projid and eight outcomes.
    DelimitedTable clinical() const;

 private:
    struct Donor {
        double burden = 0.0;
        double other_nuclei = 0.0;  // factor
        double density[5] = {};     // of each marker's cells: a factor
    };

    int donor_of(int tile) const;
    Marker marker_of(int tile) const;

    CohortSettings settings_;
    std::vector<Donor> donors_;
};

// The tiles as pairs of TIFF files, and clinical.csv.
Result<void> make_tiles(const std::string& directory, const CohortSettings& settings);

// The whole cohort, for `xorch data make tiles`.
Result<void> make_whole_cohort(const std::string& directory, std::uint64_t seed);

}  // namespace xorch::cellseg
