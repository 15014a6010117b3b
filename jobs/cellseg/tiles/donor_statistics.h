#pragma once

// Does what was counted in a donor's tiles go with what physicians found in the donor? Rank
// correlations of three metrics with every outcome for every model and marker, the false discovery
// rate over all of them at once, and how stable each is when tiles are drawn anew. Pure; everything
// is in a fixed order: model, marker, metric, outcome.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics/correlation.h"
#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/tiles/tile_counts.h"

namespace xorch::cellseg {

// Clinical columns that are correlated with.
const std::vector<std::string>& outcomes();

// ratio (positive over all cells), then all cells and positive ones per million pixels.
const std::vector<std::string>& metrics();

// Values of a donor, one per outcome; NaN where there is none.
using Clinical = std::map<std::string, std::vector<double>>;

// Of a table with `projid` and the outcomes. The error names the donor or the column.
Result<Clinical> parse_clinical(const DelimitedTable& table);

struct DonorSums {
    std::int64_t tiles = 0;
    std::int64_t total = 0;
    std::int64_t positive = 0;
    std::int64_t area = 0;

    void add(const TileCounts& counts);

    // Nothing where it would be over zero.
    std::optional<double> metric(std::size_t number) const;
};

// By model, marker and donor.
using TilesOfDonors =
    std::map<std::string, std::map<std::string, std::map<std::string, std::vector<TileCounts>>>>;
using SumsOfDonors = std::map<std::string, std::map<std::string, std::map<std::string, DonorSums>>>;

// A tile that a model saw twice is an error.
Result<TilesOfDonors> group_by_donor(const std::vector<TileRow>& rows);

SumsOfDonors sum_tiles(const TilesOfDonors& tiles);

// Of every donor four fifths of the tiles, rounded up, with replacement. What is drawn depends on
// seed, repeat, marker and donor: equal for all models, and repeats can be computed anywhere.
SumsOfDonors draw_tiles(const TilesOfDonors& tiles, std::uint64_t seed, int repeat);

struct DonorTest {
    std::string model;
    std::string marker;
    std::string metric;
    std::string outcome;
    int donors = 0;
    std::optional<Correlation> correlation;  // nothing with fewer than three donors
    double fdr = 1.0;                        // adjusted over all tests
};

std::vector<DonorTest> correlate(const SumsOfDonors& sums, const Clinical& clinical);

// How a test fared over repeats.
struct Stability {
    int repeats = 0;
    double variance = 0.0;          // of rho, over the repeats
    double sign_consistency = 0.0;  // share of the repeats with the commoner sign
    double passed = 0.0;            // share with p < 0.05
    double passed_fdr = 0.0;        // share with an adjusted p < 0.05 among the repeat's tests
};

// One per test of correlate(), in its order.
std::vector<Stability> bootstrap(
    const TilesOfDonors& tiles, const Clinical& clinical, std::uint64_t seed, int repeats
);

inline constexpr double significance = 0.05;

}  // namespace xorch::cellseg
