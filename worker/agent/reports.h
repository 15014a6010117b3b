#pragma once

// The reports of one incarnation of an agent: numbered from 1, kept until the coordinator has made
// them durable, offered again after every reconnect. Owned by the agent; loop thread only.

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "core/messages.h"

namespace xorch {

struct AssignedUnitHash {
    std::size_t operator()(const AssignedUnit& held) const noexcept;
};

class Reports {
 public:
    void add_checkpoint(const CheckpointSealed& sealed);
    void add_end(AssignedUnit attempt, AttemptEnd end);

    // Reports up to and including this one are durable elsewhere. True if that was news.
    bool forget_through(std::uint64_t sequence);

    // The attempt's end is among the reports kept here.
    bool has_ended(AssignedUnit attempt) const { return ended_.contains(attempt); }

    const std::deque<AgentMessage>& unacknowledged() const { return kept_; }

    // The number of the oldest report kept; of the next one if none is.
    std::uint64_t first_unacknowledged() const { return next_ - kept_.size(); }

    // Reports added since the last call.
    std::vector<AgentMessage> take_new();

 private:
    std::deque<AgentMessage> kept_;  // numbers next_ - size .. next_ - 1
    std::unordered_set<AssignedUnit, AssignedUnitHash> ended_;
    std::uint64_t next_ = 1;
    std::uint64_t taken_ = 0;  // highest number that take_new() returned
};

}  // namespace xorch
