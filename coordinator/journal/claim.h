#pragma once

// Whether the holder of the newest epoch may be succeeded. It may, if it ended its epoch, if its
// process is gone (seen on its own machine), or if its counter stood still for long on our own boot
// clock; otherwise the sweep is run by somebody and that one is named. Being wrong here costs a
// reign, never the truth: what a succeeded coordinator still writes does not count (journal.h).

#include <cstdint>
#include <functional>
#include <optional>

#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

// This process as a holder. `job` is the batch job it runs in, empty locally.
Result<Holder> this_holder(std::string job);

enum class HolderProcess {
    here,       // on this machine, alive
    gone,       // was on this machine
    elsewhere,  // on a machine, or in a pid namespace, that we cannot look into
};

HolderProcess find_holder_process(const Holder& holder, const Holder& self);

enum class Succession { allowed, undecided, refused };

// Watches one holder's counter. Pure: time and counter are arguments.
class HolderWatch {
 public:
    struct Question {
        JournalEnd end;
        Holder self;
        HolderProcess process = HolderProcess::elsewhere;
        Millis silent{20'000};  // a counter that stands still so long may be succeeded
    };

    explicit HolderWatch(Question question);

    // Whether the counter is needed at all: false if observe() answers allowed at once.
    bool must_watch() const;

    // Call again while undecided; `counter` is nothing while there is no counter.
    Succession observe(Now now, std::optional<std::uint64_t> counter);

 private:
    Question question_;
    std::optional<Millis> since_;
    std::optional<std::uint64_t> counter_;
};

// The error for a refused succession: names the holder and what can be done.
tl::unexpected<Error> fail_held(const JournalEnd& end);

// Passing time, so that only the wiring reads clocks and sleeps.
struct WaitingClock {
    std::function<Now()> now;
    std::function<void(Millis)> sleep;
};

// Watches until the holder may be succeeded. `conflict` if it lives, or if another one succeeded it
// meanwhile. It may take `silent`: what the holder wrote before it fell silent is refused by the
// claim until it is read, too.
Result<void> await_succession(
    Disk& disk,
    const SweepLayout& layout,
    const HolderWatch::Question& question,
    const WaitingClock& clock
);

}  // namespace xorch
