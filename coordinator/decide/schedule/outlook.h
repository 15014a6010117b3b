#pragma once

// When an agent's slots become free, as far as it can be foreseen.

#include <vector>

#include "coordinator/decide/rules/presence.h"

namespace xorch {

class Outlook {
 public:
    Outlook(const State& state, const Presence& presence, const AgentState& agent, Now now);

    // On the boot clock.
    Capacity used_at(Millis moment) const;
    std::uint32_t ranks_at(Millis moment, const Resources& asked) const;

    // Moments at which something becomes free.
    void list_ends(std::vector<Millis>& moments) const;

    const AgentState& agent() const { return *agent_; }

 private:
    struct Use {
        Millis until{0};
        StageIndex stage;
        std::uint32_t ranks = 0;
    };

    const State* state_;
    const AgentState* agent_;
    std::vector<Use> uses_;  // the last to end first
};

// Until a unit that an agent holds is expected to end: what others of its stage took less what it
// ran. If that is more, or no duration is known: as long as it ran so far.
Millis expected_left(const State& state, const Presence& presence, UnitKey unit, Now now);

}  // namespace xorch
