#pragma once

// A picture to look at.

#include <cstdint>

#include "jobs/files/grid.h"

namespace xorch {

struct Colour {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    friend bool operator==(const Colour&, const Colour&) = default;
};

using Picture = Grid<Colour>;

}  // namespace xorch
