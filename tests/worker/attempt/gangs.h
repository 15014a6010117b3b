#pragma once

// Gangs of two ranks that mpirun starts on this machine; skipped where there is none.

#include <gtest/gtest.h>

#include <string>

#include "core/io/spawn.h"
#include "tests/worker/attempt/harness.h"

namespace xorch {

class Gangs : public testing::Test, public AttemptHarness {
 protected:
    void SetUp() override {
        if (!find_program("mpirun", {}, "")) GTEST_SKIP() << "mpirun is not here (openmpi-bin)";
        settings().program = XORCH_RANK_PROGRAM;
        stage().resources.ranks = 2;
    }

    void start_gang(std::uint32_t index, std::uint32_t attempt = 1) {
        Assignment gang = assignment(index, attempt);
        gang.hosts = {
            {"here", 2}
        };
        start(std::move(gang));
    }

    AttemptEnd run_gang() {
        start_gang(0);
        return wait_for_end(0);
    }

    // Both ranks say where they are once they have heard the other one.
    void start_waiting_gang() {
        shell(std::string("echo $$ > pid-$RANK; ") + wait_for_stop);
        start_gang(0);
        ASSERT_TRUE(wait_for_file(directory() + "/pid-0"));
        ASSERT_TRUE(wait_for_file(directory() + "/pid-1"));
    }

    int pid_of(int rank) {
        return std::stoi(read_text(directory() + "/pid-" + std::to_string(rank)));
    }

    static constexpr const char* wait_for_stop =
        "while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done; ";
};

}  // namespace xorch
