#pragma once

// Names in the column `checks` of records: what makes a row say less than its numbers seem to. Each
// comes from a mistake that published experiments of this kind made in silence.

#include <string_view>

namespace xorch::cellseg {

// The budget bought the same images as a smaller one: a difference between the two is noise.
inline constexpr std::string_view check_clamped_duplicate = "CLAMPED_DUPLICATE";
// The warm-up ended the training: the learning rate stayed below nine tenths of what was asked.
inline constexpr std::string_view check_lr_never_reached = "LR_NEVER_REACHED";
// Images and crops were drawn by the epoch's number: other seeds see the same, so the spread over
// seeds says less than it seems to.
inline constexpr std::string_view check_epoch_seed = "EPOCH_SEED";
// A donor's images are in two splits.
inline constexpr std::string_view check_leakage = "LEAKAGE";
// Every donor has one image: a split by donor cannot be told from a split by image.
inline constexpr std::string_view check_one_image_per_donor = "ONE_IMAGE_PER_DONOR";
// Donors were taken from the names of images, since no table said them.
inline constexpr std::string_view check_donors_by_name = "DONORS_BY_NAME";
// A mask without a background pixel, where counting "different values minus one" is wrong.
inline constexpr std::string_view check_no_background = "NO_BACKGROUND";
// Image files that are half of a pair.
inline constexpr std::string_view check_unmatched_files = "UNMATCHED_FILES";
// A marker of the cohort without a single tile.
inline constexpr std::string_view check_marker_vanished = "MARKER_VANISHED";

}  // namespace xorch::cellseg
