#pragma once

// Making a sweep's directory (design: section 9). It appears under its final name complete or not
// at all, private to its user, with the frozen sweep file, the copied code, fresh keys and the
// program that will run it.

#include <string>

#include "coordinator/input/freeze.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

struct NewSweepDirectory {
    std::string home;            // absolute; made if it is missing
    std::string program;         // this executable, absolute
    std::string native_program;  // xorch-runner, absolute; empty = no stage needs it
    Millis unix{0};              // when it was submitted: its stamp, in local time
};

// no_space and permission problems name the folder; nothing is left behind by a failure.
Result<SweepLayout> create_sweep_directory(
    const FrozenSweep& frozen, const NewSweepDirectory& wanted
);

}  // namespace xorch
