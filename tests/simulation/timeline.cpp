#include "tests/simulation/timeline.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

#include "core/frame.h"

namespace xorch::simulation {

bool Timeline::Later::operator()(const Event& left, const Event& right) const {
    return std::tie(left.when, left.number) > std::tie(right.when, right.number);
}

void Timeline::after(Millis delay, std::function<void()> event) {
    at(now_ + delay, std::move(event));
}

void Timeline::at(Millis when, std::function<void()> event) {
    queue_.push({.when = std::max(when, now_), .number = planned_++, .happen = std::move(event)});
}

bool Timeline::step() {
    if (queue_.empty()) return false;
    // The queue only shows its top to be read; the event leaves it in the next line.
    Event event = std::move(const_cast<Event&>(queue_.top()));
    queue_.pop();
    now_ = event.when;
    ++events_;
    event.happen();
    return true;
}

void Timeline::note(std::string_view text) {
    hash_ = mix(hash_ + static_cast<std::uint64_t>(now_.count()), checksum(text));
    if (prints_) {
        std::printf(
            "%10.3f  %.*s\n",
            static_cast<double>(now_.count()) / 1000.0,
            static_cast<int>(text.size()),
            text.data()
        );
    }
}

}  // namespace xorch::simulation
