#pragma once

// One thread that does what may wait for a disk, so that the agent's loop never does. Work goes in
// and is done in order; what it returns comes back and is run by the loop. The only shared state is
// the two lists, behind one mutex.

#include <functional>
#include <memory>
#include <vector>

#include "core/io/descriptor.h"

namespace xorch {

class BackgroundQueue {
 public:
    using Continuation = std::function<void()>;
    using Work = std::function<Continuation()>;

    // `wake` is raised (core/io/pipe.h) whenever continuations are there; it must outlive this.
    explicit BackgroundQueue(const Descriptor& wake);

    // Finishes the work in hand and drops what waits.
    ~BackgroundQueue();
    BackgroundQueue(const BackgroundQueue&) = delete;
    BackgroundQueue& operator=(const BackgroundQueue&) = delete;

    // Loop thread. Work must not touch what the loop owns; it captures by value.
    void post(Work work);

    // Loop thread: continuations of the work that is done, in its order.
    std::vector<Continuation> take();

 private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace xorch
