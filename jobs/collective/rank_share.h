#pragma once

// How ranks divide work that is a list of items: a step's batch, images to score. Pure.

#include <cstdint>

#include "jobs/collective/communicator.h"

namespace xorch {

struct RankShare {
    std::int64_t begin = 0;
    std::int64_t end = 0;  // one past the last

    std::int64_t size() const { return end - begin; }

    friend bool operator==(const RankShare&, const RankShare&) = default;
};

// The items of this rank. Shares follow each other in the order of ranks, cover all items and
// differ by one at most; they are empty where there are fewer items than ranks.
RankShare share_of(std::int64_t items, const Communicator& ranks);

}  // namespace xorch
