#pragma once

// A picture as a plain array in row order: what the numerics of all families speak, so that none of
// them needs OpenCV or LibTorch. y counts rows from the top, x columns from the left, both from 0.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xorch {

template <class T>
struct Grid {
    int height = 0;
    int width = 0;
    std::vector<T> values;  // height * width

    Grid() = default;

    Grid(int rows, int columns, T value = T{})
        : height(rows),
          width(columns),
          values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), value) {}

    std::size_t index(int y, int x) const {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(x);
    }

    T& at(int y, int x) { return values[index(y, x)]; }

    const T& at(int y, int x) const { return values[index(y, x)]; }

    bool contains(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }

    friend bool operator==(const Grid&, const Grid&) = default;
};

// One channel, any range.
using Plane = Grid<float>;

// Instances: 0 is background, 1..N are things, such as cells. Sizes of arrays follow the greatest
// label, so labels of a file are renumbered before anything else sees them.
using Labels = Grid<std::int32_t>;

struct Pixel {
    int y = 0;
    int x = 0;

    friend bool operator==(const Pixel&, const Pixel&) = default;
};

}  // namespace xorch
