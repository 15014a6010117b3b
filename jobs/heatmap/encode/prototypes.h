#pragma once

// Texts where none are at hand: the mean image token of each class in the training images stands
// for its text, as a model that was trained on images with captions aligns the two. Whatever
// dominates the images of a class dominates its "text". Pure.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "jobs/heatmap/maps/tokens.h"

namespace xorch::heatmap {

class Prototypes {
 public:
    void add(ClassNumber of, std::span<const float> image_token);

    bool is_empty() const { return sums_.empty(); }

    // What sets each class apart from the mean of all, in unit length, and `shared` times the
    // direction of that mean. At least one class.
    TextFeatures texts(double shared) const;

    // Class, count and sum of each, for a checkpoint.
    std::vector<double> numbers() const;
    static Prototypes from_numbers(std::span<const double> numbers, std::size_t width);

 private:
    struct Sum {
        double count = 0;
        std::vector<double> values{};
    };

    std::map<ClassNumber, Sum> sums_;
};

}  // namespace xorch::heatmap
