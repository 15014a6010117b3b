#pragma once

// Which agents may be given work now.

#include <set>
#include <string>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

class Takers {
 public:
    Takers(const State& state, const Presence& presence, Now now);

    bool takes_work(const AgentState& agent) const;

    // Nobody knows a lender's slots but the coordinator: what was taken from an agent and may live
    // on there must be gone first. A node that is only doubted serves gangs: they may need it, and
    // nobody else might ever clear it.
    bool takes_ranks(const AgentState& agent) const;

    // No agent of this node holds or lends anything.
    bool is_idle(const std::string& node) const;

    // A suspect gets the node for itself.
    void reserve(const std::string& node) { reserved_.insert(node); }

    const TrustedNodes& trusted() const { return trusted_; }

 private:
    bool is_open(const AgentState& agent) const;
    bool is_settled(const AgentState& agent) const;

    const State& state_;
    const Presence& presence_;
    Now now_;
    std::set<AllocationId> waiting_;
    TrustedNodes trusted_;
    std::set<std::string> reserved_;
};

}  // namespace xorch
