#pragma once

// Runs one unit of a stage several times through the very runner that agents use: whole, whole
// again, then stopped after a checkpoint, resumed, killed after another, resumed to its end. Each
// scenario has a sweep directory of its own, so that nothing is resumed that should not be. Blocks;
// one thread.

#include <functional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/sweep.h"
#include "core/time.h"
#include "tools/cli/rehearse/findings.h"

namespace xorch {

struct RehearsalSettings {
    std::string
        folder;  // private, empty, on the sweeps' file system; holds the scenarios' directories
    std::string code;            // folder with the copied code, one subfolder per stage
    std::string program;         // xorch, which starts the ranks of gangs
    std::string native_program;  // xorch-runner, for native units
    Millis attempt_max{0};       // an attempt that takes longer is stopped there; 0 = no limit
    // One line for people about what is being tried.
    std::function<void(std::string_view)> say;
};

// One unit to rehearse; `inputs` as in XORCH_INPUTS.
struct RehearsedUnit {
    StageIndex stage;
    Assignment assignment;
};

struct Rehearsed {
    RehearsalSeen seen;
    std::string out;  // folder of the whole run's artifacts, for units that need this one
};

// Errors are the rehearsal's own (no space, no inotify); what the unit does wrong is in what was
// seen.
Result<Rehearsed> rehearse(
    const Sweep& sweep, const RehearsedUnit& unit, const RehearsalSettings& settings
);

}  // namespace xorch
