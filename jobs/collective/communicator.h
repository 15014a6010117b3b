#pragma once

// What the ranks of a gang say to each other. Every rank makes the same calls in the same order; a
// rank that fails takes its gang along. One thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/error.h"

namespace xorch {

class Communicator {
 public:
    virtual ~Communicator() = default;

    virtual int rank() const = 0;
    virtual int size() const = 0;

    // Element by element over all ranks, in place; every rank gets the same bits.
    virtual Result<void> all_reduce_sum(std::span<float> values) = 0;
    virtual Result<void> all_reduce_sum(std::span<double> values) = 0;
    virtual Result<void> all_reduce_max(std::span<std::int64_t> values) = 0;

    // What rank `root` has, everywhere.
    virtual Result<void> broadcast(std::span<std::byte> bytes, int root) = 0;

    // Returns once every rank called it.
    virtual Result<void> barrier() = 0;
};

// The gang of one rank: nothing to say to anybody.
std::unique_ptr<Communicator> make_single_rank();

}  // namespace xorch
