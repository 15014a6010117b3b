#pragma once

// What a rule wants: facts to be journalled and applied, and messages that may be sent once those
// facts are durable.

#include <vector>

#include "coordinator/decide/reign.h"
#include "core/facts.h"

namespace xorch {

struct Effects {
    std::vector<Fact> facts;
    std::vector<Outgoing> messages;

    bool empty() const { return facts.empty() && messages.empty(); }

    // What `more` wants comes after what is wanted here.
    void append(Effects more);
};

}  // namespace xorch
