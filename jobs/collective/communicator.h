#pragma once

// What the ranks of a gang say to each other. Every rank makes the same calls in the same order; a
// rank that fails or stays away takes its gang along. One thread.
//
// Floating-point values and what is broadcast live on device(): in host memory, or in the memory of
// the rank's GPU. Everything else is in host memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

enum class Device { cpu, cuda };

// A sum under way. Its values stay where they are, unread and unwritten, until wait() returned.
class PendingSum {
 public:
    virtual ~PendingSum() = default;  // waits, too

    virtual Result<void> wait() = 0;

    // True if wait() would return at once. Asking moves the sum on: MPI works only when called.
    virtual bool has_ended() = 0;
};

class Communicator {
 public:
    virtual ~Communicator() = default;

    virtual int rank() const = 0;
    virtual int size() const = 0;

    virtual Device device() const { return Device::cpu; }

    // The same ranks, for values in host memory.
    virtual Communicator& host() { return *this; }

    // Element by element over all ranks, in place; every rank gets the same bits.
    virtual Result<void> all_reduce_sum(std::span<float> values) = 0;
    virtual Result<void> all_reduce_sum(std::span<double> values) = 0;
    virtual Result<void> all_reduce_max(std::span<std::int64_t> values) = 0;

    // The same beside what the rank computes meanwhile. Sums end in the order they were started;
    // no other call is made before the last one has ended.
    virtual Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> values) = 0;

    // What rank `root` has, everywhere.
    virtual Result<void> broadcast(std::span<std::byte> bytes, int root) = 0;

    // At rank 0 what every rank gave, in the order of ranks; elsewhere nothing.
    virtual Result<std::vector<std::string>> gather(std::string_view bytes) = 0;

    // Returns once every rank called it. Ranks may be at work of their own for long before, writing
    // a checkpoint for example: this waits more patiently than the rest.
    virtual Result<void> barrier() = 0;
};

// The gang of one rank: nothing to say to anybody.
std::unique_ptr<Communicator> make_single_rank();

}  // namespace xorch
