#include "coordinator/stop_source.h"

#include <gtest/gtest.h>

#include <csignal>

namespace xorch {
namespace {

// Signals are sent to this thread, which blocks them: they wait until they are taken.
TEST(SignalStop, CountsSignalsAndRemembersTheLast) {
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    {
        auto stop = SignalStop::make();
        ASSERT_TRUE(stop);
        EXPECT_EQ((*stop)->take(), 0U);
        EXPECT_EQ((*stop)->last_signal(), 0);
        pthread_kill(pthread_self(), SIGINT);
        EXPECT_EQ((*stop)->take(), 1U);
        EXPECT_EQ((*stop)->last_signal(), SIGINT);
        pthread_kill(pthread_self(), SIGTERM);
        pthread_kill(pthread_self(), SIGHUP);
        EXPECT_EQ((*stop)->take(), 2U);
        EXPECT_EQ((*stop)->take(), 0U);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace xorch
