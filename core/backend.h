#pragma once

// Who lends us nodes: this machine, Slurm. A backend is asked for allocations and reports facts
// about them; it decides nothing. It never blocks: what takes time is reported by a later poll().
// Loop thread only.

#include <span>
#include <vector>

#include "core/allocation.h"
#include "core/time.h"

namespace xorch {

class Backend {
 public:
    virtual ~Backend() = default;

    // The allocations that earlier epochs left behind and that did not end. Each is watched again,
    // or poll() reports that it ended. Called once per epoch of this process, before anything else.
    virtual void take_over(Now now, std::span<const AllocationState> left) = 0;

    virtual void carry_out(Now now, const StartAllocation& order) = 0;
    virtual void carry_out(Now now, const EndAllocation& order) = 0;

    // What happened since the last call.
    virtual std::vector<AllocationEvent> poll(Now now) = 0;

    // Readable when poll() has something to do.
    virtual int descriptor() const = 0;

    // When poll() must be called at the latest, on the boot clock.
    virtual Millis next_poll() const = 0;
};

}  // namespace xorch
