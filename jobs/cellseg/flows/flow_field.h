#pragma once

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// A vector per pixel, in pixels.
struct FlowField {
    Plane y;
    Plane x;

    FlowField() = default;

    FlowField(int height, int width) : y(height, width), x(height, width) {}
};

}  // namespace xorch::cellseg
