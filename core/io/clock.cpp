#include "core/io/clock.h"

#include <ctime>

namespace xorch {
namespace {

Millis read_clock(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::chrono::duration_cast<Millis>(
        std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)
    );
}

}  // namespace

Now read_clocks() {
    return {.boot = read_clock(CLOCK_BOOTTIME), .unix = read_clock(CLOCK_REALTIME)};
}

}  // namespace xorch
