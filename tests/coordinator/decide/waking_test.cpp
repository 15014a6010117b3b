#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;

// A wave of four of which one never begins: the time at which the others became healthy is over and
// must not be named again, or the loop spins.
TEST(Waking, IsNotAskedForATimeThatIsOver) {
    Stage stage = make_stage("train", 8);
    stage.canary = true;
    Harness harness(make_sweep({stage}));
    const IncarnationId agent = harness.join(0xa, "node-1", 4);
    harness.finish(agent, key(0, 0));
    ASSERT_EQ(harness.held(agent).size(), 4U);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        harness.started(agent, key(0, i));
    }
    for (int i = 0; i < 40; ++i) {
        harness.tick_after(1s);
        harness.say(agent, AgentHeartbeat{.running = 3, .queued = 1});
        EXPECT_GT(harness.reign->next_tick(), harness.now.boot);
    }
}

// A paused sweep whose units still run when a new reign begins.
TEST(Waking, IsNotAskedForTheEndOfAPatienceThatIsOver) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    const IncarnationId agent = harness.join();
    harness.request("r", "pause");
    harness.crash();
    harness.hello(
        agent,
        {
            {key(0, 0), {1}},
            {key(0, 1), {1}}
    }
    );
    for (int i = 0; i < 10; ++i) {
        harness.tick_after(1s);
        EXPECT_GT(harness.reign->next_tick(), harness.now.boot);
    }
}

}  // namespace
}  // namespace xorch
