#include "jobs/anomaly/panel.h"

#include <algorithm>
#include <cmath>

#include "jobs/anomaly/score/maps.h"

namespace xorch::anomaly {

namespace {

constexpr int side = 128;  // of a pane, pixels

std::uint8_t level(double value) {
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
}

// Black, red, yellow.
Colour heat(double value) {
    return {.red = level(2 * value), .green = level(2 * value - 1), .blue = 0};
}

void widen(ScoreRange& range, const Plane& map) {
    for (const float score : map.values) {
        range.low = std::min(range.low, score);
        range.high = std::max(range.high, score);
    }
}

class Pane {
 public:
    Pane(Picture& picture, int number) : picture_(picture), left_(number * side) {}

    template <class ColourAt>
    void fill(const ColourAt& colour_at) {
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                picture_.at(y, left_ + x) = colour_at(y, x);
            }
        }
    }

    void fill_with(const Plane& map, const ScoreRange& range) {
        const Plane large = enlarge(map, side);
        const double width = std::max(1e-12, static_cast<double>(range.high) - range.low);
        fill([&](int y, int x) { return heat((large.at(y, x) - range.low) / width); });
    }

 private:
    Picture& picture_;
    int left_;
};

}  // namespace

PanelRanges ranges_of(const TaskMaps& maps) {
    const auto begin = [](const Plane& map) { return ScoreRange{map.values[0], map.values[0]}; };
    PanelRanges ranges{
        .semantic = begin(maps.images[0].semantic_map), .memory = begin(maps.images[0].memory_map)};
    for (const ImageScores& image : maps.images) {
        widen(ranges.semantic, image.semantic_map);
        widen(ranges.memory, image.memory_map);
    }
    return ranges;
}

Picture draw_panel(const ImageScores& scores, const Raster& image, const PanelRanges& ranges) {
    Picture picture(side, 4 * side);
    Pane(picture, 0).fill([&](int y, int x) {
        const auto sample = [&](int channel) {
            return level(
                image.at(
                    y * image.height / side,
                    x * image.width / side,
                    std::min(channel, image.channels - 1)
                ) /
                255
            );
        };
        return Colour{sample(0), sample(1), sample(2)};
    });
    Pane(picture, 1).fill([&](int y, int x) {
        const TruthMask& mask = scores.mask;
        const bool abnormal = mask.at(y * mask.height / side, x * mask.width / side) != 0;
        return abnormal ? Colour{255, 255, 255} : Colour{};
    });
    Pane(picture, 2).fill_with(scores.semantic_map, ranges.semantic);
    Pane(picture, 3).fill_with(scores.memory_map, ranges.memory);
    return picture;
}

Picture stack(const std::vector<Picture>& panels) {
    Picture all(static_cast<int>(panels.size()) * side, 4 * side);
    auto to = all.values.begin();
    for (const Picture& panel : panels) {
        to = std::copy(panel.values.begin(), panel.values.end(), to);
    }
    return all;
}

}  // namespace xorch::anomaly
