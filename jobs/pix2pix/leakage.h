#pragma once

// Whether something of one split is in another, and whether a generator knows more than it should.
// What is looked for is the project's own choice: the report names such a check without saying what
// it looks at. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/pix2pix/data/pair_set.h"

namespace xorch::pix2pix {

// 64 signs of differences between neighbours of the picture reduced to 9 x 8 grey pixels.
std::uint64_t difference_hash(const Grid<std::uint8_t>& grey);

struct SharedPictures {
    std::int64_t exact = 0;  // pictures of one split whose pixels are those of one of another
    std::int64_t near = 0;  // pairs of pictures of two splits whose hashes differ in 4 bits or less
};

// Of photos, and of X-rays.
SharedPictures shared_photos(const PairSplits& splits);
SharedPictures shared_xrays(const PairSplits& splits);

// Mean distance between what was made of each pair and the X-ray of another one.
double distance_to_others(
    const std::vector<Plane>& made, const PairSet& set, const std::vector<std::size_t>& others
);

// Mean over what was made of its distance to the nearest X-ray of the training split.
double distance_to_nearest(const std::vector<Plane>& made, const PairSet& train);

// The mean X-ray of the set: what can be known without any photo.
Plane mean_target(const PairSet& set);

// The corner of the canvas where films have a ruler, in which a fixed picture is enough.
double distance_in_corner(const Plane& made, const Plane& truth);

}  // namespace xorch::pix2pix
