#pragma once

// Whether the nodes of a gang reach each other, before its programs find out by waiting for one
// another: a small all-reduce of the first rank of each node, over TCP and through rank 0, which
// adds up. Twice, so that nobody starts before all have seen the first sum. Whoever stays away,
// falls silent or gets numbers wrong is named. Blocks. One thread.

#include <string>

#include "core/io/descriptor.h"
#include "core/time.h"
#include "worker/gang/plan.h"

namespace xorch {

// How it went, as this node sees it.
struct NodeCheck {
    bool passed = false;
    std::string unfit_node;  // the node at fault; empty if only others can know
    std::string reason;
};

// For the first rank of a node; `place` says whose.
NodeCheck check_nodes(const GangPlan& plan, const RankPlace& place, Millis patience);

// The two sides of it: rank 0, and all others.
NodeCheck lead_check(const Descriptor& listener, const GangPlan& plan, Millis patience);
NodeCheck follow_check(const GangPlan& plan, const std::string& node, Millis patience);

}  // namespace xorch
