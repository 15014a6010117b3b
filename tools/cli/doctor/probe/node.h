#pragma once

// The doctor's job: what it tries on the compute node, and what it says (exchange.h). Blocks, a
// minute at most where nobody answers.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"

namespace xorch {

struct NodeProbe {
    std::string folder;   // of the exchange, absolute
    std::string program;  // xorch, absolute
    std::vector<std::string> environment;
    Millis command_time{30'000};  // of each command
    Millis seen_within{60'000};   // until the doctor must have answered
};

Result<void> probe_node(const NodeProbe& probe);

}  // namespace xorch
