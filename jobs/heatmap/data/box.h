#pragma once

// A box in an image: pixels from 0, the right and lower edge not included. Pure.

#include "jobs/heatmap/data/class_names.h"

namespace xorch::heatmap {

// All images are looked at in this size, as the encoders of this kind are trained.
inline constexpr int image_side = 224;

struct Box {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;

    double area() const { return (right - left) * (bottom - top); }

    friend bool operator==(const Box&, const Box&) = default;
};

inline constexpr Box whole_image{0, 0, image_side, image_side};

struct LabelledBox {
    ClassNumber of = 0;
    Box box;

    friend bool operator==(const LabelledBox&, const LabelledBox&) = default;
};

// Area of what both cover over the area of what either does; 0 where nothing is covered.
double overlap(const Box& left, const Box& right);

}  // namespace xorch::heatmap
