#include "worker/os/hardware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Hardware, SaysWhatThisProcessMayUse) {
    EXPECT_FALSE(usable_cpus().empty());
    EXPECT_GT(usable_memory().value, 1ULL << 20U);
    EXPECT_FALSE(host_name().empty());
    EXPECT_FALSE(machine_type().empty());
}

TEST(Hardware, SplitsAListOfGpus) {
    EXPECT_THAT(split_gpu_list("0,GPU-5f3a,2"), ElementsAre("0", "GPU-5f3a", "2"));
    EXPECT_THAT(split_gpu_list("7"), ElementsAre("7"));
    EXPECT_THAT(split_gpu_list(""), IsEmpty());
}

TEST(Hardware, CountsTheGpusThatAreVisible) {
    const char* before = std::getenv("CUDA_VISIBLE_DEVICES");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("CUDA_VISIBLE_DEVICES", "0,GPU-5f3a,2", 1);
    EXPECT_EQ(usable_gpus(), 3U);
    for (const char* none : {"", "-1", "NoDevFiles"}) {
        ::setenv("CUDA_VISIBLE_DEVICES", none, 1);
        EXPECT_EQ(usable_gpus(), 0U) << none;
    }
    ::unsetenv("CUDA_VISIBLE_DEVICES");
    if (before != nullptr) ::setenv("CUDA_VISIBLE_DEVICES", kept.c_str(), 1);
}

}  // namespace
}  // namespace xorch
