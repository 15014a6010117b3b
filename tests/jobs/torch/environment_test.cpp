#include "jobs/torch/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "jobs/torch/failure.h"
#include "jobs/torch/torch.h"

namespace xorch {
namespace {

using testing::HasSubstr;

TEST(TorchEnvironment, AUnitFindsNothingOfTheOneBefore) {
    begin_torch_unit(11, 1);
    const torch::Tensor first = torch::randn({8});
    torch::GradMode::set_enabled(false);
    torch::set_num_threads(2);
    torch::rand({100});

    begin_torch_unit(11, 1);
    EXPECT_TRUE(torch::equal(torch::randn({8}), first));
    EXPECT_TRUE(torch::GradMode::is_enabled());
    EXPECT_EQ(torch::get_num_threads(), 1);
    begin_torch_unit(12, 2);
    EXPECT_FALSE(torch::equal(torch::randn({8}), first));
    EXPECT_EQ(torch::get_num_threads(), 2);
}

TEST(TorchEnvironment, ItsKeyNamesLibraryBlasProcessorAndThreads) {
    const std::string key = torch_env_key(3);
    EXPECT_THAT(key, testing::StartsWith(std::string("torch-") + TORCH_VERSION + " "));
    EXPECT_THAT(key, testing::EndsWith(" threads-3"));
    EXPECT_EQ(std::count(key.begin(), key.end(), ' '), 3);
    EXPECT_THAT(key, testing::Not(HasSubstr("unknown-cpu")));
    EXPECT_NE(key, torch_env_key(4));
}

template <class Throw>
JobFailure failure_of(Throw thrower) {
    try {
        thrower();
    } catch (...) {
        return describe_torch_failure(std::current_exception());
    }
    return {};
}

TEST(TorchFailure, WantOfMemoryIsToldFromOtherFailures) {
    const JobFailure memory = failure_of([] { torch::empty({1LL << 45}); });
    EXPECT_TRUE(memory.out_of_memory);
    EXPECT_THAT(memory.message, HasSubstr("can't allocate memory"));
    EXPECT_TRUE(failure_of([] { throw std::bad_alloc(); }).out_of_memory);

    const JobFailure shape = failure_of([] {
        torch::mm(torch::ones({2, 3}), torch::ones({2, 3}));
    });
    EXPECT_FALSE(shape.out_of_memory);
    EXPECT_THAT(shape.message, HasSubstr("shapes cannot be multiplied"));
    // People read it, not the addresses of LibTorch's functions.
    EXPECT_THAT(shape.message, testing::Not(HasSubstr("frame #")));
}

TEST(TorchFailure, WhateverIsThrownHasAMessage) {
    EXPECT_EQ(failure_of([] { throw std::runtime_error("no such file"); }).message, "no such file");
    EXPECT_NE(failure_of([] { throw 3; }).message, "");
}

}  // namespace
}  // namespace xorch
