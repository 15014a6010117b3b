#pragma once

// An open file descriptor with one owner, closed with it. All descriptors of xorch are
// close-on-exec: a unit inherits nothing but its three standard streams.

#include "core/error.h"

namespace xorch {

class Descriptor {
 public:
    Descriptor() = default;

    explicit Descriptor(int number) : number_(number) {}

    ~Descriptor() { reset(); }

    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}

    Descriptor& operator=(Descriptor&& other) noexcept;

    int get() const { return number_; }

    bool is_open() const { return number_ >= 0; }

    int release();
    void reset();

 private:
    int number_ = -1;
};

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
