#pragma once

// MPI's life in this process, and the one message that goes beside the collectives: a rank that
// cannot go on tells rank 0, which would else wait for it in vain. One thread.

#include <memory>
#include <optional>
#include <string>

#include "core/error.h"

namespace xorch {

struct RankTrouble {
    std::string words;
    bool out_of_memory = false;
};

// Made once, at the start of the process, by the thread that makes all calls; outlives every
// communicator. unavailable if MPI cannot be started.
class MpiWorld {
 public:
    static Result<std::unique_ptr<MpiWorld>> start();
    ~MpiWorld();
    MpiWorld(const MpiWorld&) = delete;
    MpiWorld& operator=(const MpiWorld&) = delete;

    int rank() const { return rank_; }

    int size() const { return size_; }

    // Among the ranks of this node, from 0.
    int local_rank() const { return local_rank_; }

    // Where this rank runs.
    const std::string& node() const { return node_; }

    // To rank 0, from a rank that makes no more calls to its communicator.
    void tell_trouble(const RankTrouble& trouble);

    // At rank 0: what some rank told first, if any did until now. Never waits.
    std::optional<RankTrouble> hear_trouble();

    // "Open MPI v4.1.4, ...", as the library says it; also without a world.
    static std::string version();

 private:
    struct Aside;

    MpiWorld();

    int rank_ = 0;
    int size_ = 1;
    int local_rank_ = 0;
    std::string node_;
    std::unique_ptr<Aside> aside_;
};

}  // namespace xorch
