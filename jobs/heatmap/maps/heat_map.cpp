#include "jobs/heatmap/maps/heat_map.h"

#include <algorithm>
#include <boost/sort/spreadsort/float_sort.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace xorch::heatmap {

namespace {

constexpr int whole = 100;  // per cent

// Position percent * (n - 1) / 100 between order statistics; the product of integers is exact, so
// that a position that is a whole number gives a value of the map itself.
double between(const std::vector<double>& sorted, int percent) {
    const std::size_t product = static_cast<std::size_t>(percent) * (sorted.size() - 1);
    const std::size_t below = product / whole;
    const double rest = static_cast<double>(product % whole) / whole;
    if (rest == 0) return sorted[below];
    return sorted[below] + (sorted[below + 1] - sorted[below]) * rest;
}

}  // namespace

HeatMap spread(const PatchMap& map, int side) {
    HeatMap spread(side, side);
    // OpenCV only reads; its type cannot say so.
    const cv::Mat from(map.height, map.width, CV_64F, const_cast<double*>(map.values.data()));
    cv::Mat to(side, side, CV_64F, spread.values.data());
    cv::resize(from, to, to.size(), 0, 0, cv::INTER_LINEAR);
    return spread;
}

HeatMap min_max(const HeatMap& map) {
    const auto [least, greatest] = std::minmax_element(map.values.begin(), map.values.end());
    const double low = *least;
    const double range = *greatest - low;
    HeatMap scaled(map.height, map.width);
    if (range == 0) return scaled;
    std::transform(map.values.begin(), map.values.end(), scaled.values.begin(), [&](double value) {
        return (value - low) / range;
    });
    return scaled;
}

HeatMap inverted(const HeatMap& map) {
    HeatMap turned = map;
    for (double& value : turned.values) {
        value = -value;
    }
    return turned;
}

Thresholds::Thresholds(std::vector<double> values) {
    XORCH_CHECK(!values.empty(), "the thresholds of nothing");
    // By digits where there are many: twice as fast as by comparisons alone.
    boost::sort::spreadsort::float_sort(values.begin(), values.end());
    for (int percent = 0; percent <= whole; ++percent) {
        percentiles_.push_back(between(values, percent));
        const std::size_t share = values.size() * static_cast<std::size_t>(whole - percent) / whole;
        tops_.push_back(values[values.size() - std::max<std::size_t>(1, share)]);
    }
}

Thresholds::Thresholds(std::vector<double> percentiles, std::vector<double> tops)
    : percentiles_(std::move(percentiles)), tops_(std::move(tops)) {
    constexpr std::size_t steps = whole + 1;
    XORCH_CHECK(percentiles_.size() == steps && tops_.size() == steps, "not as they were stored");
}

double Thresholds::percentile(int percent) const {
    return percentiles_.at(static_cast<std::size_t>(percent));
}

double Thresholds::inverted_percentile(int percent) const {
    return -percentile(whole - percent);
}

double Thresholds::top(int percent) const {
    return tops_.at(static_cast<std::size_t>(percent));
}

PixelMask apply_threshold(const HeatMap& map, const ThresholdUse& use) {
    PixelMask mask(map.height, map.width);
    std::transform(map.values.begin(), map.values.end(), mask.values.begin(), [&](double value) {
        const bool is_in = use.includes_equal ? value >= use.threshold : value > use.threshold;
        return static_cast<std::uint8_t>(is_in ? 255 : 0);
    });
    return mask;
}

}  // namespace xorch::heatmap
