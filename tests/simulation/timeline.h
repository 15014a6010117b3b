#pragma once

// Virtual time: events in order of their time, and among equals in the order in which they were
// planned. Everything that happened is folded into one number, so that two runs of a seed can be
// compared, and printed when asked for.

#include <cstdint>
#include <functional>
#include <queue>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {

class Timeline {
 public:
    explicit Timeline(bool prints) : prints_(prints) {}

    Millis now() const { return now_; }

    void after(Millis delay, std::function<void()> event);
    void at(Millis when, std::function<void()> event);

    // False if nothing is planned any more.
    bool step();

    // What happened, one line.
    void note(std::string_view text);

    bool prints() const { return prints_; }

    std::uint64_t trace_hash() const { return hash_; }

    std::uint64_t events() const { return events_; }

 private:
    struct Event {
        Millis when;
        std::uint64_t number = 0;
        std::function<void()> happen;
    };

    struct Later {
        bool operator()(const Event& left, const Event& right) const;
    };

    bool prints_;
    Millis now_{0};
    std::uint64_t planned_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t hash_ = 0;
    std::priority_queue<Event, std::vector<Event>, Later> queue_;
};

}  // namespace xorch::simulation
