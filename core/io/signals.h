#pragma once

// Signals as something to read: a process that waits in poll(2) hears them like everything else.

#include <initializer_list>

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch {

// Holds these signals until somebody takes them. Threads that are started later inherit it, so call
// it, or take_signals(), before any is started.
Result<void> block_signals(std::initializer_list<int> signals);

// Blocks them; each is read from the descriptor as a signalfd_siginfo. It never blocks.
Result<Descriptor> take_signals(std::initializer_list<int> signals);

}  // namespace xorch
