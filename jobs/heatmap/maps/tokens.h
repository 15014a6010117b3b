#pragma once

// What an encoder of images and texts says: a vector for the whole image, one for each patch of a
// square grid, one for each class. None is normalised: what is done to them comes later. Plain
// arrays, free of LibTorch.

#include <cstddef>
#include <span>
#include <vector>

#include "jobs/heatmap/data/class_names.h"

namespace xorch::heatmap {

struct Tokens {
    int grid = 0;               // patches in each direction
    int width = 0;              // numbers per token
    std::vector<float> values;  // [1 + grid * grid][width]: the image, then patches in row order

    int patches() const { return grid * grid; }

    std::span<const float> image() const { return token(0); }

    std::span<const float> patch(int number) const {
        return token(static_cast<std::size_t>(number) + 1);
    }

 private:
    std::span<const float> token(std::size_t number) const {
        const auto size = static_cast<std::size_t>(width);
        return std::span(values).subspan(number * size, size);
    }
};

struct TextFeatures {
    std::vector<ClassNumber> classes;  // ascending
    int width = 0;
    std::vector<float> values;  // [class][width]

    std::span<const float> row(std::size_t place) const {
        const auto size = static_cast<std::size_t>(width);
        return std::span(values).subspan(place * size, size);
    }
};

}  // namespace xorch::heatmap
