#pragma once

// The node-local folder of an agent: $TMPDIR/xorch-<uid>/<keeper's pid>-<start>-<incarnation>, mode
// 0700. The name says who owns it, so that what a dead keeper left behind is found and removed.
// Any thread.

#include <string>

#include "core/error.h"
#include "core/ids.h"
#include "core/io/process.h"

namespace xorch {

// Makes it. Refuses a parent folder that is not ours alone.
Result<std::string> make_scratch(ProcessName keeper, IncarnationId incarnation);

// Removes it with all its content; says nothing if there is none.
void remove_scratch(ProcessName keeper, IncarnationId incarnation);

// Removes the folders whose keepers are gone.
void remove_orphaned_scratch();

}  // namespace xorch
