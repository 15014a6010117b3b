#pragma once

// Invariant I19 as the world sees it: while a sweep whose coordinators live in Slurm's jobs is
// incomplete, a job that can take it over is queued or runs, or somebody who still lives has the
// duty to care for one, or people were told that it is stranded. A coordinator is not blamed for
// what it could not do because it was killed, or kept from doing it while it was told to go.

#include "core/disk.h"

namespace xorch::simulation {

class World;

class HeirWatch {
 public:
    explicit HeirWatch(World& world) : world_(world) {}

    // After every event.
    void look();

    // A coordinator ended before it could do its duty.
    void on_silenced() { is_silenced_ = true; }

 private:
    bool is_looked_after() const;
    bool is_told() const;
    bool says_why(Disk& disk) const;

    World& world_;
    bool was_looked_after_ = true;
    bool is_silenced_ = false;
};

}  // namespace xorch::simulation
