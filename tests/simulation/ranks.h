#pragma once

// Ranks of gangs on nodes other than their leader's: processes that no agent of ours started. They
// end with their gang, with their node, or when the agent there is told to end them; if the
// leader's agent dies they live on. Counts the slots of each node over everything that lives there,
// whatever agents and coordinators believe (invariants I8, I9).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/messages.h"

namespace xorch::simulation {

class World;

class Ranks {
 public:
    explicit Ranks(World& world) : world_(world) {}

    // The launcher of the gang starts them on all its nodes but the first.
    void start(const Assignment& gang);

    // The gang is over. A launcher that is killed reaches only nodes that are not cut off.
    void end(const Assignment& gang, bool launcher_killed);

    // One of them dies, if the gang has any.
    void lose_one(const Assignment& gang);

    bool are_whole(const Assignment& gang) const;

    // The agent of this node is told to.
    void end_on(std::uint32_t host, const LentRanks& gang);
    void end_all_on(std::uint32_t host, std::span<const LentRanks> but);

    std::uint32_t cpus_on(std::uint32_t host) const;
    bool any_on(std::uint32_t host) const;
    bool any_alone_on(std::uint32_t host) const;

 private:
    struct Rank {
        LentRanks gang;
        std::uint32_t host = 0;
        std::uint32_t cpus = 0;  // of all ranks of the gang there
        bool alone = false;
    };

    void check(const Rank& rank) const;

    World& world_;
    std::vector<Rank> all_;
};

// The number within "node12".
std::uint32_t host_of(const std::string& node);

}  // namespace xorch::simulation
