#include "jobs/collective/nccl.h"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/collective/gpus.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::MatchesRegex;

TEST(Nccl, IsLinkedAndSaysItsVersion) {
    const auto version = nccl_version();
    ASSERT_TRUE(version) << version.error().message;
    EXPECT_THAT(*version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

// What follows needs a GPU.
class OnGpu : public testing::Test {
 protected:
    void SetUp() override {
        auto listed = list_gpus();
        if (!listed) GTEST_SKIP() << "no GPU: " << listed.error().message;
        if (listed->gpus.empty()) GTEST_SKIP() << "no GPU: CUDA lists none";
        gpus = listed->gpus;
    }

    std::vector<Gpu> gpus;
};

TEST_F(OnGpu, HasANameAnIdAndMemory) {
    for (const Gpu& gpu : gpus) {
        EXPECT_FALSE(gpu.name.empty());
        EXPECT_THAT(
            gpu.uuid, MatchesRegex("GPU-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+")
        );
        EXPECT_GT(gpu.memory.value, std::uint64_t{1} << 28U);
    }
}

TEST_F(OnGpu, OneRankKeepsItsValues) {
    const auto host = make_single_rank();
    auto ranks = make_nccl(*host, gpus.front().index, 60s);
    ASSERT_TRUE(ranks) << ranks.error().message;
    EXPECT_EQ((*ranks)->device(), Device::cuda);
    std::vector<double> values(1'000, 2.5);
    const std::size_t bytes = values.size() * sizeof(double);
    void* device = nullptr;
    ASSERT_EQ(cudaMalloc(&device, bytes), cudaSuccess);
    ASSERT_EQ(cudaMemcpy(device, values.data(), bytes, cudaMemcpyHostToDevice), cudaSuccess);
    const std::span<double> there(static_cast<double*>(device), values.size());
    EXPECT_TRUE((*ranks)->all_reduce_sum(there));
    auto pending = (*ranks)->start_all_reduce_sum(there);
    ASSERT_TRUE(pending);
    EXPECT_TRUE((*pending)->wait());
    EXPECT_TRUE((*ranks)->broadcast(std::as_writable_bytes(there), 0));
    values.assign(values.size(), 0);
    ASSERT_EQ(cudaMemcpy(values.data(), device, bytes, cudaMemcpyDeviceToHost), cudaSuccess);
    EXPECT_THAT(values, Each(2.5));
    cudaFree(device);
}

}  // namespace
}  // namespace xorch
