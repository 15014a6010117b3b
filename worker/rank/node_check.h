#pragma once

// Whether the nodes of a gang reach each other, before its programs find out by waiting for one
// another: the first rank of each node reports to rank 0 over TCP and starts once all have. Whoever
// stays away is named. Blocks. One thread.

#include <string>

#include "core/error.h"
#include "core/time.h"
#include "worker/gang/plan.h"

namespace xorch {

// How it went at rank 0; elsewhere `unfit_node` is empty.
struct NodeCheck {
    bool passed = false;
    std::string unfit_node;  // the node at fault; if nobody is heard of, that is rank 0's own
    std::string reason;
};

// For the first rank of a node; `place` says whose.
NodeCheck check_nodes(const GangPlan& plan, const RankPlace& place, Millis patience);

}  // namespace xorch
