#include "jobs/cellseg/flows/seeds.h"

#include <algorithm>
#include <array>

namespace xorch::cellseg {

namespace {

using EndCounts = Grid<std::int32_t>;

// Wide enough that the window of a seed at the image's edge lies within the counts.
constexpr int border = 20;
constexpr int peak_radius = 2;  // of the 5 x 5 window in which a seed is the maximum
constexpr int seed_count_above = 10;
constexpr int grow_radius = 5;  // of the 11 x 11 window
constexpr int grow_steps = 5;
constexpr int grow_count_above = 2;

struct Seed {
    Pixel place;
    int count = 0;
};

EndCounts count_ends(const std::vector<Position>& ends, int height, int width) {
    EndCounts counts(height + 2 * border, width + 2 * border);
    for (const Position end : ends) {
        ++counts.at(static_cast<int>(end.y) + border, static_cast<int>(end.x) + border);
    }
    return counts;
}

bool is_peak(const EndCounts& counts, int y, int x) {
    const int count = counts.at(y, x);
    for (int down = -peak_radius; down <= peak_radius; ++down) {
        for (int along = -peak_radius; along <= peak_radius; ++along) {
            if (counts.at(y + down, x + along) > count) return false;
        }
    }
    return true;
}

std::vector<Seed> find_seeds(const EndCounts& counts) {
    std::vector<Seed> seeds;
    for (int y = border; y < counts.height - border; ++y) {
        for (int x = border; x < counts.width - border; ++x) {
            const int count = counts.at(y, x);
            if (count > seed_count_above && is_peak(counts, y, x)) {
                seeds.push_back({
                    .place = {y, x},
                      .count = count
                });
            }
        }
    }
    std::stable_sort(seeds.begin(), seeds.end(), [](const Seed& left, const Seed& right) {
        return left.count < right.count;
    });
    return seeds;
}

constexpr int window_side = 2 * grow_radius + 1;
using Window = std::array<std::array<bool, window_side>, window_side>;

bool touches(const Window& grown, int y, int x) {
    for (int row = std::max(0, y - 1); row <= std::min(window_side - 1, y + 1); ++row) {
        for (int column = std::max(0, x - 1); column <= std::min(window_side - 1, x + 1);
             ++column) {
            if (grown[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)]) return true;
        }
    }
    return false;
}

Window grow(const EndCounts& counts, Pixel seed) {
    Window grown{};
    grown[grow_radius][grow_radius] = true;
    for (int step = 0; step < grow_steps; ++step) {
        const Window before = grown;
        for (int y = 0; y < window_side; ++y) {
            for (int x = 0; x < window_side; ++x) {
                const int count = counts.at(seed.y + y - grow_radius, seed.x + x - grow_radius);
                grown[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] =
                    count > grow_count_above && touches(before, y, x);
            }
        }
    }
    return grown;
}

}  // namespace

SeedMap::SeedMap(const std::vector<Position>& ends, int height, int width)
    : seeds_(height + 2 * border, width + 2 * border) {
    const EndCounts counts = count_ends(ends, height, width);
    int number = 0;
    for (const Seed& seed : find_seeds(counts)) {
        ++number;
        const Window grown = grow(counts, seed.place);
        for (int y = 0; y < window_side; ++y) {
            for (int x = 0; x < window_side; ++x) {
                if (!grown[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)]) continue;
                seeds_.at(seed.place.y + y - grow_radius, seed.place.x + x - grow_radius) = number;
            }
        }
    }
}

int SeedMap::label_at(Position end) const {
    return seeds_.at(static_cast<int>(end.y) + border, static_cast<int>(end.x) + border);
}

}  // namespace xorch::cellseg
