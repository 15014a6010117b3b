#pragma once

// One attempt, run and watched from outside: news of the runner, events in its folders, and at most
// one interruption.

#include <optional>
#include <string>

#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"
#include "tools/cli/rehearse/findings.h"
#include "worker/attempt_runner.h"

namespace xorch {

// When and how the attempt is disturbed.
struct Interruption {
    enum class Kind { none, stop, kill };
    Kind kind = Kind::none;
    std::size_t after_checkpoints = 1;  // new ones of this attempt
    Millis at_latest{0};                // after the start, if there are none; 0 = never without
};

struct ObservedAttempt {
    const Stage* stage = nullptr;
    SweepLayout layout;
    std::string scratch;  // of the runner
    Assignment assignment;
    Interruption interruption;
    Millis longest{0};  // then it is stopped; 0 = no limit
    bool given_resume = false;
};

Result<AttemptSeen> observe(AttemptRunner& runner, const ObservedAttempt& what);

}  // namespace xorch
