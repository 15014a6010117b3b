#include "worker/os/hardware.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

TEST(Hardware, SaysWhatThisProcessMayUse) {
    EXPECT_FALSE(usable_cpus().empty());
    EXPECT_GT(usable_memory().value, 1ULL << 20U);
    EXPECT_FALSE(host_name().empty());
    EXPECT_FALSE(machine_type().empty());
}

}  // namespace
}  // namespace xorch
