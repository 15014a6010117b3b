#include "jobs/pix2pix/report/charts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "jobs/files/lettering.h"

namespace xorch::pix2pix {

namespace {

constexpr Colour white{255, 255, 255};
constexpr Colour black{0, 0, 0};
constexpr std::array<Colour, 2> series_colour{
    {{31, 119, 180}, {255, 127, 14}}
};
constexpr int letter = 10;
constexpr int height = 160;  // of the tallest bar
constexpr int band = 28;     // for letters, above and below
constexpr int bar = 24;
constexpr int bins = 20;

void fill_box(Picture& picture, Pixel corner, Pixel size, Colour colour) {
    for (int y = 0; y < size.y; ++y) {
        for (int x = 0; x < size.x; ++x) {
            picture.at(corner.y + y, corner.x + x) = colour;
        }
    }
}

void write(Picture& picture, const std::string& text, Pixel centre, Colour colour) {
    draw_text(picture, text, {.centre = centre, .height = letter, .colour = colour});
}

// Standing on `floor`.
void draw_bar(Picture& picture, Pixel floor, double part, Colour colour) {
    const int tall = static_cast<int>(std::lround(part * height));
    fill_box(picture, {floor.y - tall, floor.x}, {tall, bar}, colour);
}

}  // namespace

Picture draw_bars(
    const std::string& prev, const std::string& cur, const std::vector<BarPair>& bars
) {
    constexpr int group = 5 * bar;
    Picture picture(
        height + 3 * band,
        bar + group * static_cast<int>(std::max<std::size_t>(bars.size(), 1)),
        white
    );
    write(picture, prev, {band / 2, picture.width / 4}, series_colour[0]);
    write(picture, cur, {band / 2, 3 * picture.width / 4}, series_colour[1]);
    double most = 1e-12;  // bars of nothing but zeros stay flat
    for (const BarPair& each : bars) {
        most = std::max({most, each.prev, each.cur});
    }
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const int left = bar + group * static_cast<int>(i);
        const int floor = picture.height - band;
        draw_bar(picture, {floor, left}, bars[i].prev / most, series_colour[0]);
        draw_bar(picture, {floor, left + 2 * bar}, bars[i].cur / most, series_colour[1]);
        write(picture, bars[i].name, {floor + band / 2, left + 3 * bar / 2}, black);
        write(
            picture, fmt::format("{:.3f}", bars[i].prev), {band + band / 2, left + bar / 2}, black
        );
        write(
            picture,
            fmt::format("{:.3f}", bars[i].cur),
            {band + band / 2, left + 5 * bar / 2},
            black
        );
    }
    return picture;
}

Picture draw_histograms(const std::vector<std::pair<std::string, std::vector<double>>>& series) {
    double low = INFINITY;
    double high = -INFINITY;
    for (const auto& [name, values] : series) {
        for (const double value : values) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    const int pane = height + 2 * band;
    Picture picture(pane * static_cast<int>(series.size()), bar * (bins + 2), white);
    for (std::size_t i = 0; i < series.size(); ++i) {
        std::array<int, bins> counts{};
        for (const double value : series[i].second) {
            const double part = high > low ? (value - low) / (high - low) : 0.0;
            ++counts[std::min(static_cast<std::size_t>(part * bins), counts.size() - 1)];
        }
        const int most = std::max(1, *std::max_element(counts.begin(), counts.end()));
        const int top = pane * static_cast<int>(i);
        write(picture, series[i].first, {top + band / 2, picture.width / 2}, black);
        for (int bin = 0; bin < bins; ++bin) {
            const double part = static_cast<double>(counts[static_cast<std::size_t>(bin)]) / most;
            draw_bar(
                picture,
                {top + band + height, bar * (bin + 1)},
                part,
                series_colour[i % series_colour.size()]
            );
        }
        write(picture, fmt::format("{:.3f}", low), {top + pane - band / 2, 2 * bar}, black);
        write(
            picture,
            fmt::format("{:.3f}", high),
            {top + pane - band / 2, picture.width - 2 * bar},
            black
        );
    }
    return picture;
}

}  // namespace xorch::pix2pix
