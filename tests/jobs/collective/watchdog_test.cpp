#include "jobs/collective/watchdog.h"

#include <gtest/gtest.h>

#include <future>

namespace xorch {
namespace {

using namespace std::chrono_literals;

TEST(Watchdog, SaysWhatHangs) {
    std::promise<std::string> hung;
    Watchdog dog(1ms, [&](const std::string& what) { hung.set_value(what); });
    const Watchdog::Guard guard(dog, "barrier, collective 3");
    EXPECT_EQ(hung.get_future().get(), "barrier, collective 3");
}

// A busy machine may make a short wait long; the one that never ends is found all the same.
TEST(Watchdog, WatchesAnewAfterEachWait) {
    std::promise<void> hung;
    Watchdog dog(5ms, [&](const std::string& what) {
        if (what == "endless") hung.set_value();
    });
    for (int i = 0; i < 1'000; ++i)
        const Watchdog::Guard guard(dog, "short");
    const Watchdog::Guard guard(dog, "endless");
    hung.get_future().get();
}

TEST(Watchdog, SleepsWhereNobodyWaits) {
    bool hung = false;
    {
        Watchdog dog(1h, [&](const std::string&) { hung = true; });
        const Watchdog::Guard guard(dog, "a moment");
    }
    EXPECT_FALSE(hung);
}

}  // namespace
}  // namespace xorch
