#pragma once

// Small label images for tests: drawn by hand, or at random from a seed.

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string_view>
#include <vector>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// One text per row; digits are labels, '.' is background.
Labels draw(std::initializer_list<std::string_view> rows);

// Discs and bars that touch, overlap (later ones win), reach over the border; labels without gaps.
// Some images are empty, some hold one cell, some have no background at all.
Labels random_labels(std::mt19937& random);

// Labels with the cells shifted by a pixel or two, some lost and some invented: a prediction.
Labels disturbed(const Labels& labels, std::mt19937& random);

}  // namespace xorch::cellseg
