#pragma once

// What an attempt's end means: the exit contract of design.md, section 6, as a pure function.

#include <optional>
#include <string>

#include "core/unit.h"

namespace xorch {

struct ExitFacts {
    int exit_code = 0;
    int signal = 0;                // 0 = exited by itself
    int exit_checkpointed = 75;    // the code that means "call me again"
    std::optional<Cause> ordered;  // it was asked to stop, for this cause
    std::optional<Cause> imposed;  // xorch killed it for what it did (out_of_memory, output_limit)
    std::string imposed_message;
    bool kernel_out_of_memory = false;  // the kernel ended processes of this cgroup meanwhile
    std::string reason = {};            // what the job said when it failed; empty = nothing
    std::string records_problem;        // empty = the declared records are complete
};

struct Judgement {
    Cause cause = Cause::none;  // none = done
    std::string message;
};

// Whoever ordered the end wants no result, also not a complete one.
bool discards_results(const ExitFacts& facts);

Judgement judge_exit(const ExitFacts& facts);

}  // namespace xorch
