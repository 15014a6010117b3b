// The arithmetic of shared steps, with a second rank that has what the first one has. Ranks that
// differ are in tests/jobs/cellseg/gang_ranks.cpp.

#include "jobs/torch/data_parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "tests/support/fake_ranks.h"

namespace xorch {
namespace {

using testing::ElementsAre;

// Two ranks that are alike. What a sum holds changes when it is waited for.
class Twins final : public FakeRanks {
 public:
    Twins() : FakeRanks(0, 2) {}

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<float> values) override {
        if (fails) return fail(ErrorCode::unavailable, "rank 1 is gone");
        if (on_start) on_start();
        started.push_back(values.size());
        return std::make_unique<Doubling>(values);
    }

    bool fails = false;
    std::function<void()> on_start;
    std::vector<std::size_t> started;  // lengths of sums

 private:
    class Doubling final : public PendingSum {
     public:
        explicit Doubling(std::span<float> values) : values_(values) {}

        Result<void> wait() override {
            for (float& value : values_)
                value *= 2;
            return {};
        }

        bool has_ended() override { return true; }

     private:
        std::span<float> values_;
    };
};

struct Model {
    torch::nn::Linear first{3, 4};
    torch::nn::Linear last{4, 1};

    std::vector<torch::Tensor> parameters() const {
        return {first->weight, first->bias, last->weight, last->bias};
    }

    torch::Tensor loss() {
        const torch::Tensor input = torch::arange(6, torch::kFloat32).reshape({2, 3});
        return last->forward(torch::tanh(first->forward(input))).square().mean();
    }
};

constexpr std::size_t bytes_of_last_layer = 5 * sizeof(float);

TEST(DataParallel, SumsToTheGradientsOfTheWholeBatch) {
    Model model;
    const torch::Tensor loss = model.loss();
    loss.backward();
    std::vector<torch::Tensor> expected;
    for (const torch::Tensor& parameter : model.parameters())
        expected.push_back(parameter.grad().clone());
    Twins ranks;
    DataParallel gradients(model.parameters(), ranks, bytes_of_last_layer);
    for (int step = 0; step < 2; ++step) {
        const auto value = gradients.backward(model.loss(), 0.5);
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_FLOAT_EQ(static_cast<float>(*value), loss.item<float>());
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_TRUE(torch::allclose(model.parameters()[i].grad(), expected[i]));
    }
}

TEST(DataParallel, StartsTheSumsOfTheLastLayersBesideTheRestOfBackward) {
    Model model;
    Twins ranks;
    DataParallel gradients(model.parameters(), ranks, bytes_of_last_layer);
    std::vector<bool> first_layer_is_done;
    std::vector<std::thread::id> threads;
    ranks.on_start = [&] {
        first_layer_is_done.push_back(model.first->weight.grad().count_nonzero().item<int>() > 0);
        threads.push_back(std::this_thread::get_id());
    };
    ASSERT_TRUE(gradients.backward(model.loss(), 0.5));
    EXPECT_THAT(first_layer_is_done, ElementsAre(false, true));
    EXPECT_THAT(threads, testing::Each(std::this_thread::get_id()));
    EXPECT_THAT(ranks.started, ElementsAre(5, 12 + 4 + 1)) << "the last one has the loss, too";
}

TEST(DataParallel, ARankWithoutItemsAddsNothingAndStartsTheSameSums) {
    Model model;
    Twins ranks;
    DataParallel gradients(model.parameters(), ranks, bytes_of_last_layer);
    ASSERT_TRUE(gradients.backward(model.loss(), 0.5));
    const auto value = gradients.backward({}, 0);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 0);
    EXPECT_EQ(model.first->weight.grad().count_nonzero().item<int>(), 0);
    EXPECT_THAT(ranks.started, ElementsAre(5, 17, 5, 17));
}

TEST(DataParallel, WhatNoLossDependsOnHasZeros) {
    Model model;
    Twins ranks;
    DataParallel gradients(model.parameters(), ranks, bytes_of_last_layer);
    ASSERT_TRUE(gradients.backward(model.last->weight.sum(), 0.5));
    EXPECT_EQ(model.first->weight.grad().count_nonzero().item<int>(), 0);
    EXPECT_EQ(model.last->weight.grad().count_nonzero().item<int>(), 4);
    EXPECT_THAT(ranks.started, ElementsAre(5, 17));
}

TEST(DataParallel, ALostRankIsAnError) {
    Model model;
    Twins ranks;
    DataParallel gradients(model.parameters(), ranks);
    ranks.fails = true;
    const auto value = gradients.backward(model.loss(), 0.5);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().message, "rank 1 is gone");
}

TEST(DataParallel, WithOneRankBackwardIsLibtorchsOwn) {
    Model model;
    const auto alone = make_single_rank();
    DataParallel gradients(model.parameters(), *alone);
    const torch::Tensor loss = model.loss();
    const auto value = gradients.backward(loss, 1);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, loss.item<double>());
    const torch::Tensor shared = model.first->weight.grad().clone();
    model.first->weight.mutable_grad() = torch::Tensor();
    model.loss().backward();
    EXPECT_TRUE(torch::equal(model.first->weight.grad(), shared));
}

}  // namespace
}  // namespace xorch
