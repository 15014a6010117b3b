#pragma once

// One epoch from its claim to its end: turns what arrives on sockets, descriptors and timers into
// events for the reign, and what it decides into bytes. One thread, one poll(2); nothing in it
// waits for a disk: the journal has a thread, everything else goes through errands.

#include <memory>

#include "coordinator/loop.h"
#include "coordinator/recovery.h"
#include "coordinator/stop_source.h"
#include "core/backend.h"
#include "core/disk.h"
#include "core/error.h"

namespace xorch {

// Stops that were wished before this epoch began, and that count in it.
struct StopWishes {
    unsigned count = 0;
};

class ReignLoop {
 public:
    struct Parts {
        const CoordinatorSettings* settings = nullptr;
        Backend* backend = nullptr;
        Disk* disk = nullptr;
        StopSource* stop = nullptr;
        StopWishes* wishes = nullptr;
    };

    // All of them must outlive it.
    static Result<std::unique_ptr<ReignLoop>> start(const Parts& parts, Claimed claimed);
    ~ReignLoop();
    ReignLoop(const ReignLoop&) = delete;
    ReignLoop& operator=(const ReignLoop&) = delete;

    // Returns when the reign is finished, or with the journal's error: then what is not durable was
    // said to nobody, and a new epoch may go on from what is.
    Result<ReignOutcome> run();

 private:
    struct Content;
    explicit ReignLoop(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
