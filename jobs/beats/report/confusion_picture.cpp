#include "jobs/beats/report/confusion_picture.h"

#include <algorithm>
#include <numeric>

#include "jobs/files/lettering.h"

namespace xorch::beats {

namespace {

// Pixels: six digits of this height fit into a field.
constexpr int field = 72;
constexpr int margin = 48;  // for names of classes, and the title
constexpr int letter = 11;
constexpr int side = margin + class_count * field;

constexpr Colour white{255, 255, 255};
constexpr Colour black{0, 0, 0};
constexpr Colour full{8, 64, 129};

Colour shade(double share) {
    const auto mix = [&](std::uint8_t from, std::uint8_t to) {
        return static_cast<std::uint8_t>(from + share * (to - from));
    };
    return {mix(white.red, full.red), mix(white.green, full.green), mix(white.blue, full.blue)};
}

void fill(Picture& picture, Pixel corner, Colour colour) {
    for (int y = corner.y; y < corner.y + field; ++y) {
        for (int x = corner.x; x < corner.x + field; ++x) {
            picture.at(y, x) = colour;
        }
    }
}

void draw(Picture& picture, int left, const std::string& title, const Confusion& confusion) {
    const auto write = [&](const std::string& text, Pixel centre, Colour colour) {
        draw_text(picture, text, {.centre = centre, .height = letter, .colour = colour});
    };
    write(title, {margin / 4, left + side / 2}, black);
    for (int row = 0; row < class_count; ++row) {
        const auto at = static_cast<std::size_t>(row);
        const int middle = margin + row * field + field / 2;
        const std::string name(class_names[at]);
        write(name, {middle, left + margin / 2}, black);
        write(name, {3 * margin / 4, left + middle}, black);
        const ClassCounts& counts = confusion[at];
        const auto total = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
        for (int column = 0; column < class_count; ++column) {
            const std::int64_t count = counts[static_cast<std::size_t>(column)];
            const double share =
                static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(1, total));
            const Pixel corner{margin + row * field, left + margin + column * field};
            fill(picture, corner, shade(share));
            write(
                std::to_string(count),
                {corner.y + field / 2, corner.x + field / 2},
                share > 0.5 ? white : black
            );
        }
    }
}

}  // namespace

Picture draw_confusions(const std::vector<std::pair<std::string, Confusion>>& confusions) {
    Picture picture(side, side * static_cast<int>(confusions.size()), white);
    int left = 0;
    for (const auto& [title, confusion] : confusions) {
        draw(picture, left, title, confusion);
        left += side;
    }
    return picture;
}

}  // namespace xorch::beats
