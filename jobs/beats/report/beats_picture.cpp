#include "jobs/beats/report/beats_picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "jobs/files/lettering.h"

namespace xorch::beats {

namespace {

constexpr int pane_height = 120;
constexpr int pane_width = window_samples / 2;  // a column shows two samples
constexpr int gap = 12;
constexpr int title = 28;   // for the names of splits, above
constexpr int margin = 32;  // for the names of classes, at the left
constexpr int letter = 10;
constexpr std::size_t beats_shown = 40;  // more would be a grey area

constexpr Colour white{255, 255, 255};
constexpr Colour black{0, 0, 0};
constexpr Colour grey{200, 200, 200};
constexpr std::array<Colour, class_count> colour_of_class{
    {{31, 119, 180}, {255, 127, 14}, {214, 39, 40}, {44, 160, 44}}
};

using Window = std::array<double, window_samples>;

// Joins the samples of a beat, each column from where the last one ended.
void draw_window(Picture& picture, Pixel corner, const Window& window, Colour colour) {
    const auto row_of = [](double value) {
        return static_cast<int>(std::lround((1.0 - value) / 2.0 * (pane_height - 1)));
    };
    int last = row_of(window[0]);
    for (int x = 0; x < pane_width; ++x) {
        const int row = row_of(window[static_cast<std::size_t>(2 * x)]);
        for (int y = std::min(last, row); y <= std::max(last, row); ++y) {
            picture.at(corner.y + y, corner.x + x) = colour;
        }
        last = row;
    }
}

void draw_pane(Picture& picture, Pixel corner, const BeatSet& set, std::size_t beat_class) {
    std::vector<std::size_t> beats;
    Window mean{};
    for (std::size_t beat = 0; beat < set.size(); ++beat) {
        if (set.classes[beat] != beat_class) continue;
        beats.push_back(beat);
        for (std::size_t i = 0; i < mean.size(); ++i) {
            mean[i] += set.window(beat)[i];
        }
    }
    const std::size_t shown = std::min(beats.size(), beats_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const float* samples = set.window(beats[i * beats.size() / shown]);
        Window window{};
        std::copy_n(samples, window.size(), window.begin());
        draw_window(picture, corner, window, grey);
    }
    if (!beats.empty()) {
        for (double& value : mean) {
            value /= static_cast<double>(beats.size());
        }
        draw_window(picture, corner, mean, colour_of_class[beat_class]);
    }
    draw_text(
        picture,
        fmt::format("{}", beats.size()),
        {
            .centre = {corner.y + pane_height - letter, corner.x + pane_width / 4},
            .height = letter,
            .colour = black
    }
    );
}

}  // namespace

Picture draw_beats(const BeatSplits& beats) {
    const std::pair<const char*, const BeatSet*> columns[] = {
        {"train",          &beats.train         },
        {"val",            &beats.val           },
        {"generalisation", &beats.generalisation}
    };
    constexpr int across = margin + 3 * (pane_width + gap);
    Picture picture(title + class_count * (pane_height + gap), across, white);
    for (int row = 0; row < class_count; ++row) {
        const auto beat_class = static_cast<std::size_t>(row);
        const int top = title + row * (pane_height + gap);
        draw_text(
            picture,
            std::string(class_names[beat_class]),
            {
                .centre = {top + pane_height / 2, margin / 2},
                  .height = letter, .colour = black
        }
        );
        int left = margin;
        for (const auto& [name, set] : columns) {
            if (row == 0) {
                draw_text(
                    picture,
                    name,
                    {
                        .centre = {title / 2, left + pane_width / 2},
                        .height = letter,
                        .colour = black
                }
                );
            }
            draw_pane(picture, {top, left}, *set, beat_class);
            left += pane_width + gap;
        }
    }
    return picture;
}

}  // namespace xorch::beats
