#pragma once

// A similarity per patch, spread over the pixels of the image, and its thresholds. All of them come
// from one sort, in either direction: how many are asked for costs nothing. Pure.

#include <vector>

#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/maps/similarity.h"

namespace xorch::heatmap {

// A number per pixel. Doubles, so that no two values that differ become one when they are scaled.
using HeatMap = Grid<double>;

// Bilinear between the centres of patches, constant beyond the outer ones.
HeatMap spread(const PatchMap& map, int side = image_side);

// From 0 to 1; zeros where all values are one.
HeatMap min_max(const HeatMap& map);

// Turned over: what was least becomes greatest.
HeatMap inverted(const HeatMap& map);

// Thresholds of a map and of the same map inverted, at whole percents from 0 to 100.
class Thresholds {
 public:
    // Sorts, once.
    explicit Thresholds(std::vector<double> values);

    // Of what was stored: 101 percentiles, 101 shares.
    Thresholds(std::vector<double> percentiles, std::vector<double> tops);

    // The value that `percent` of all lie below, between neighbours in proportion.
    double percentile(int percent) const;

    // The same of the inverted map: 100 - percent, with the other sign.
    double inverted_percentile(int percent) const;

    // The least of the greatest (100 - percent) per cent of the values, at least of one of them.
    double top(int percent) const;

    const std::vector<double>& percentiles() const { return percentiles_; }

    const std::vector<double>& tops() const { return tops_; }

 private:
    std::vector<double> percentiles_;
    std::vector<double> tops_;
};

using PixelMask = Grid<std::uint8_t>;  // 255 or 0

struct ThresholdUse {
    double threshold = 0;
    bool includes_equal = true;
};

PixelMask apply_threshold(const HeatMap& map, const ThresholdUse& use);

}  // namespace xorch::heatmap
