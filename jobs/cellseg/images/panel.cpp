#include "jobs/cellseg/images/panel.h"

#include <algorithm>
#include <cmath>

#include "jobs/cellseg/flows/labels.h"
#include "jobs/cellseg/metrics/overlaps.h"

namespace xorch::cellseg {

namespace {

constexpr Colour right_colour{.red = 60, .green = 230, .blue = 60};
constexpr Colour missed_colour{.red = 255, .green = 165, .blue = 0};
constexpr Colour wrong_colour{.red = 255, .green = 50, .blue = 50};
constexpr double matched_iou = 0.5;
constexpr int pane_side = 512;  // pixels; smaller images are enlarged by a whole factor up to this
constexpr int gap = 4;          // pixels between panes

std::uint8_t brightness(float value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255.0F));
}

bool is_blank(const Plane& plane) {
    return std::all_of(plane.values.begin(), plane.values.end(), [](float value) {
        return value == 0.0F;
    });
}

// A single channel in grey; more in the colours that microscopists give them: DAPI blue, marker
// green and a little red.
Picture paint(const Channels& channels) {
    Picture picture(channels[0].height, channels[0].width);
    const bool grey = is_blank(channels[1]) && is_blank(channels[2]);
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        const std::uint8_t first = brightness(channels[0].values[i]);
        const std::uint8_t second = brightness(channels[1].values[i]);
        const std::uint8_t third = brightness(channels[2].values[i]);
        picture.values[i] = grey ? Colour{.red = first, .green = first, .blue = first}
                                 : Colour{.red = third, .green = second, .blue = first};
    }
    return picture;
}

// The brightest channel in grey: what outlines in colour are drawn on.
Picture paint_grey(const Channels& channels) {
    Picture picture(channels[0].height, channels[0].width);
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        const std::uint8_t grey = brightness(
            std::max({channels[0].values[i], channels[1].values[i], channels[2].values[i]})
        );
        picture.values[i] = {.red = grey, .green = grey, .blue = grey};
    }
    return picture;
}

template <class T>
Grid<T> enlarge(const Grid<T>& small, int factor) {
    Grid<T> large(small.height * factor, small.width * factor);
    for (int y = 0; y < large.height; ++y) {
        for (int x = 0; x < large.width; ++x) {
            large.at(y, x) = small.at(y / factor, x / factor);
        }
    }
    return large;
}

// Pixels of a cell that touch another label; lines lie within the cell, so touching cells keep two.
void draw_outlines(Picture& picture, const Labels& labels, const std::vector<Colour>& colours) {
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            const int label = labels.at(y, x);
            if (label == 0) continue;
            const bool inner = y > 0 && x > 0 && y + 1 < labels.height && x + 1 < labels.width &&
                               labels.at(y - 1, x) == label && labels.at(y + 1, x) == label &&
                               labels.at(y, x - 1) == label && labels.at(y, x + 1) == label;
            if (!inner) picture.at(y, x) = colours[static_cast<std::size_t>(label)];
        }
    }
}

void copy_to(Picture& target, const Picture& source, Pixel corner) {
    for (int y = 0; y < source.height; ++y) {
        for (int x = 0; x < source.width; ++x) {
            target.at(corner.y + y, corner.x + x) = source.at(y, x);
        }
    }
}

}  // namespace

Picture draw_panel(const Channels& channels, const Labels& truth, const Labels& predicted) {
    std::vector<Colour> truth_colours(
        static_cast<std::size_t>(max_label(truth)) + 1, missed_colour
    );
    std::vector<Colour> predicted_colours(
        static_cast<std::size_t>(max_label(predicted)) + 1, wrong_colour
    );
    for (const Overlap& pair : find_overlaps(truth, predicted).pairs) {
        if (pair.iou < matched_iou) continue;
        truth_colours[static_cast<std::size_t>(pair.truth)] = right_colour;
        predicted_colours[static_cast<std::size_t>(pair.predicted)] = right_colour;
    }
    const int factor = std::max(1, pane_side / std::max(truth.height, truth.width));
    const Picture image = enlarge(paint(channels), factor);
    Picture true_outlines = enlarge(paint_grey(channels), factor);
    Picture predicted_outlines = true_outlines;
    draw_outlines(true_outlines, enlarge(truth, factor), truth_colours);
    draw_outlines(predicted_outlines, enlarge(predicted, factor), predicted_colours);
    Picture panel(image.height, 3 * image.width + 2 * gap);
    copy_to(panel, image, {0, 0});
    copy_to(panel, true_outlines, {0, image.width + gap});
    copy_to(panel, predicted_outlines, {0, 2 * (image.width + gap)});
    return panel;
}

Picture stack_pictures(const std::vector<Picture>& pictures) {
    int height = 0;
    int width = 0;
    for (const Picture& picture : pictures) {
        height += picture.height + (height > 0 ? gap : 0);
        width = std::max(width, picture.width);
    }
    Picture stacked(height, width);
    int top = 0;
    for (const Picture& picture : pictures) {
        copy_to(stacked, picture, {top, 0});
        top += picture.height + gap;
    }
    return stacked;
}

}  // namespace xorch::cellseg
