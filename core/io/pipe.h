#pragma once

// The two kinds of descriptors that wake a loop: what a child writes, and a counter that another
// thread raises. Loop thread only, except signal_event.

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch {

struct Pipe {
    Descriptor read_end;   // does not block
    Descriptor write_end;  // blocks: it is given to a child
};

Result<Pipe> make_pipe();

// A counter that wakes an epoll: readable after signal_event until drain_event.
Result<Descriptor> make_event();
void signal_event(const Descriptor& event);
void drain_event(const Descriptor& event);

}  // namespace xorch
