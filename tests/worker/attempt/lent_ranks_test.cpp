// Ranks of gangs that another agent leads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/io/spawn.h"
#include "tests/worker/attempt/harness.h"
#include "worker/gang/rank_end.h"

namespace xorch {
namespace {

// A process as a rank is that another agent's launcher started here; ends with the test.
class LentRank {
 public:
    LentRank(const std::string& sweep, const std::string& folder)
        : pid_(spawn({
                         .program = "/bin/sh",
                         .argv = {"sh",                                    "-c", "while :; do read x < /dev/null; done"},
                         .environment =
                             {"XORCH_GANG=" + folder,
                                  "XORCH_RANK=1", "XORCH_SWEEP=" + sweep,
                                  "XORCH_INCARNATION=00000000000000aa"},
                         .directory = {                },
                         .cpus = {     }
    }
          ).value()) {}

    ~LentRank() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    LentRank(const LentRank&) = delete;
    LentRank& operator=(const LentRank&) = delete;

    bool is_gone() const { return process_is_gone(pid_); }

 private:
    pid_t pid_;
};

TEST(LentRanksHere, EndWithTheirGangAndNoOtherDoes) {
    AttemptHarness harness;
    const UnitId id = AttemptHarness::assignment(0).id;
    const LentRank ended(harness.layout().root, harness.layout().gang(id, {1}));
    const LentRank other(harness.layout().root, harness.layout().gang(id, {2}));
    harness.order(EndRanks{.id = id, .attempt = {1}});
    EXPECT_TRUE(ended.is_gone());
    EXPECT_FALSE(other.is_gone());
}

TEST(LentRanksHere, AllEndButThoseOfTheGangsThatAreNamed) {
    AttemptHarness harness;
    AttemptHarness another;
    const UnitId id = AttemptHarness::assignment(0).id;
    const LentRank first(harness.layout().root, harness.layout().gang(id, {1}));
    const LentRank second(harness.layout().root, harness.layout().gang(id, {2}));
    const LentRank named(harness.layout().root, harness.layout().gang(id, {3}));
    const LentRank of_another_sweep(another.layout().root, another.layout().gang(id, {1}));
    EndForeignRanks order;
    order.but.push_back({id, AttemptNumber{3}});
    harness.order(order);
    EXPECT_TRUE(first.is_gone());
    EXPECT_TRUE(second.is_gone());
    EXPECT_FALSE(named.is_gone());
    EXPECT_FALSE(of_another_sweep.is_gone());
}

}  // namespace
}  // namespace xorch
