#pragma once

// What an agent learns about how long things take, and what follows for the end of its allocation:
// when a unit must be asked to stop, and whether starting one is still worth it. Pure; loop thread
// only.

#include <map>
#include <vector>

#include "core/ids.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

// The newest samples of a duration and their 95th percentile.
class Durations {
 public:
    void add(Millis sample);

    bool empty() const { return samples_.empty(); }

    // 0 without samples.
    Millis p95() const { return p95_; }

 private:
    std::vector<Millis> samples_;
    std::size_t next_ = 0;
    Millis p95_{0};
};

class SliceRules {
 public:
    explicit SliceRules(const Sweep& sweep);

    void on_checkpoint(UnitKey unit, Millis took);
    void on_done(UnitKey unit, Millis ran);
    void forget(UnitKey unit);  // it left this agent

    // How long before the allocation's end the unit must be asked to stop: its checkpoint's time
    // and slack.
    Millis lead(UnitKey unit) const;

    // The least time before the stop request that makes starting the unit worthwhile: what its
    // stage declares; else restore and save if it checkpoints; else as long as its siblings ran.
    Millis least_slice(UnitKey unit) const;

 private:
    struct StageTimes {
        Durations saves;
        Durations runs;
    };

    Millis save(UnitKey unit) const;

    const Sweep& sweep_;
    std::vector<StageTimes> stages_;
    std::map<UnitKey, Durations> units_;  // only of units that made a checkpoint here
};

}  // namespace xorch
