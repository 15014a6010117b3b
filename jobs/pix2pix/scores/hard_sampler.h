#pragma once

// Draws hard pairs more often: probability in proportion to 1 + (weight - 1) [hard]. Hard ids that
// are not among the pairs to train on change nothing, which published runs of this kind never
// noticed; so hits are counted first. Pure.

#include <string>
#include <vector>

#include "jobs/pix2pix/scores/failures.h"
#include "jobs/random/random_stream.h"

namespace xorch::pix2pix {

// How often each pair of `ids` is drawn; they sum to 1.
std::vector<double> sampling_shares(const Ids& ids, const Ids& hard, double weight);

// The pair at each place of an epoch, as many as there are, with replacement: the draw at a place
// depends on (seed, epoch, place) alone.
std::vector<std::size_t> draw_epoch(
    std::uint64_t seed, std::int64_t epoch, const std::vector<double>& shares
);

}  // namespace xorch::pix2pix
