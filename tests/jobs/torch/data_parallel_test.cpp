// The arithmetic of shared steps, with a second rank whose part is made up. Ranks that run are in
// tests/jobs/cellseg/gang_training.cpp.

#include "jobs/torch/data_parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/fake_ranks.h"

namespace xorch {
namespace {

using testing::ElementsAre;

using Sums = std::vector<std::vector<double>>;  // of a step's buckets

// Two ranks. What the other one has is added when a sum is waited for; unless it is told, it has
// the same as this one.
class TwoRanks final : public FakeRanks {
 public:
    TwoRanks() : FakeRanks(0, 2) {}

    Result<std::unique_ptr<PendingSum>> start_all_reduce_sum(std::span<double> values) override {
        if (fails) return fail(ErrorCode::unavailable, "rank 1 is gone");
        if (on_start) on_start();
        own.emplace_back(values.begin(), values.end());
        return std::make_unique<Addition>(values, other.empty() ? own : other, own.size() - 1);
    }

    std::vector<std::size_t> lengths() const {
        std::vector<std::size_t> result;
        for (const std::vector<double>& values : own)
            result.push_back(values.size());
        return result;
    }

    bool fails = false;
    std::function<void()> on_start;
    Sums other;
    Sums own;  // as they were when they were started

 private:
    class Addition final : public PendingSum {
     public:
        Addition(std::span<double> values, const Sums& other, std::size_t bucket)
            : values_(values), other_(other), bucket_(bucket) {}

        Result<void> wait() override {
            for (std::size_t i = 0; i < values_.size(); ++i)
                values_[i] += other_[bucket_][i];
            return {};
        }

        bool has_ended() override { return true; }

     private:
        std::span<double> values_;
        const Sums& other_;
        std::size_t bucket_;
    };
};

struct Model {
    torch::nn::Linear first{3, 4};
    torch::nn::Linear last{4, 1};

    std::vector<torch::Tensor> parameters() const {
        return {first->weight, first->bias, last->weight, last->bias};
    }

    torch::Tensor loss(std::int64_t item) {
        const torch::Tensor input =
            torch::arange(3, torch::kFloat32) - 0.3 * static_cast<double>(item);
        return last->forward(torch::tanh(first->forward(input))).square().sum();
    }

    // From item `begin` on.
    auto losses(std::int64_t begin = 0) {
        return [this, begin](std::int64_t item) { return loss(begin + item); };
    }

    std::vector<torch::Tensor> gradients() const {
        std::vector<torch::Tensor> result;
        for (const torch::Tensor& parameter : parameters())
            result.push_back(parameter.grad().clone());
        return result;
    }
};

constexpr std::size_t bytes_of_last_layer = 5 * sizeof(double);

// Losses whose gradients are given: what they come to in the end.
float gradient_of(const std::vector<float>& gradients) {
    const auto ranks = make_single_rank();
    torch::Tensor parameter = torch::ones({1}, torch::requires_grad());
    DataParallel shared({parameter}, *ranks);
    const auto items = static_cast<std::int64_t>(gradients.size());
    const auto loss = shared.backward(items, [&](std::int64_t item) {
        return (parameter * gradients[static_cast<std::size_t>(item)]).sum();
    });
    EXPECT_TRUE(loss);
    return parameter.grad().item<float>();
}

TEST(DataParallel, GivesTheGradientsOfTheMeanLoss) {
    Model model;
    const torch::Tensor mean = (model.loss(0) + model.loss(1) + model.loss(2)) / 3;
    mean.backward();
    const std::vector<torch::Tensor> expected = model.gradients();
    const auto alone = make_single_rank();
    DataParallel shared(model.parameters(), *alone, bytes_of_last_layer);
    for (int step = 0; step < 2; ++step) {
        const auto value = shared.backward(3, model.losses());
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_FLOAT_EQ(static_cast<float>(*value), mean.item<float>());
        const std::vector<torch::Tensor> gradients = model.gradients();
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_TRUE(torch::allclose(gradients[i], expected[i])) << i;
    }
}

TEST(DataParallel, HowItemsAreSharedChangesNoBit) {
    constexpr std::int64_t batch = 7;
    const auto step = [](Communicator& ranks, std::int64_t begin, std::int64_t end) {
        torch::manual_seed(5);
        Model model;
        DataParallel shared(model.parameters(), ranks);
        const double loss = shared.backward(end - begin, model.losses(begin)).value();
        return std::pair(loss, model.gradients());
    };
    const auto alone = make_single_rank();
    const auto [loss, expected] = step(*alone, 0, batch);
    for (const std::int64_t first : {0, 2, 6}) {
        TwoRanks other;
        step(other, first, batch);
        TwoRanks ranks;
        ranks.other = other.own;
        const auto [shared_loss, gradients] = step(ranks, 0, first);
        EXPECT_EQ(shared_loss, loss);
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_TRUE(torch::equal(gradients[i], expected[i])) << first << " items, " << i;
    }
}

TEST(DataParallel, TheOrderOfGradientsOfAnySizeChangesNoBit) {
    const float tiny = 0x1.8p-56F;  // too small to change 1 in f64
    EXPECT_EQ(gradient_of({1, tiny, -1}), gradient_of({1, -1, tiny}));
    const float large = 100;
    const float small = 0x1.23456p-30F;
    EXPECT_EQ(gradient_of({large, small, -large}), gradient_of({small, large, -large}));
    EXPECT_NEAR(gradient_of({large, small, -large}), small / 3, gradient_quantum);
}

TEST(DataParallel, StartsTheSumsOfTheLastLayersBesideTheLastBackward) {
    Model model;
    TwoRanks ranks;
    DataParallel shared(model.parameters(), ranks, bytes_of_last_layer);
    int losses = 0;
    std::vector<std::string> events;
    std::vector<std::thread::id> threads;
    model.first->weight.register_hook([&](const torch::Tensor& /*gradient*/) {
        events.push_back("backward is at the first layer");
    });
    ranks.on_start = [&] {
        events.push_back("a sum starts after " + std::to_string(losses));
        threads.push_back(std::this_thread::get_id());
    };
    ASSERT_TRUE(shared.backward(2, [&](std::int64_t item) {
        ++losses;
        return model.loss(item);
    }));
    const std::string first_layer = "backward is at the first layer";
    const std::string start = "a sum starts after 2";
    EXPECT_THAT(events, ElementsAre(first_layer, start, first_layer, start));
    EXPECT_THAT(threads, testing::Each(std::this_thread::get_id()));
    EXPECT_THAT(ranks.lengths(), ElementsAre(5, 12 + 4 + 2)) << "the last one has the loss, too";
}

TEST(DataParallel, ARankWithoutItemsAddsNothingAndStartsTheSameSums) {
    Model model;
    TwoRanks ranks;
    DataParallel shared(model.parameters(), ranks, bytes_of_last_layer);
    ASSERT_TRUE(shared.backward(2, model.losses()));
    ranks.other = std::exchange(ranks.own, {});
    ASSERT_TRUE(shared.backward(0, {}));
    EXPECT_THAT(ranks.lengths(), ElementsAre(5, 18));
    for (const std::vector<double>& values : ranks.own)
        EXPECT_THAT(values, testing::Each(0));
}

TEST(DataParallel, WhatNoLossDependsOnHasZeros) {
    Model model;
    TwoRanks ranks;
    DataParallel shared(model.parameters(), ranks, bytes_of_last_layer);
    ASSERT_TRUE(shared.backward(1, [&](std::int64_t /*item*/) { return model.last->weight.sum(); })
    );
    EXPECT_EQ(model.first->weight.grad().count_nonzero().item<int>(), 0);
    EXPECT_EQ(model.last->weight.grad().count_nonzero().item<int>(), 4);
    EXPECT_THAT(ranks.lengths(), ElementsAre(5, 18));
}

TEST(DataParallel, ALostRankIsAnError) {
    Model model;
    TwoRanks ranks;
    DataParallel shared(model.parameters(), ranks);
    ranks.fails = true;
    const auto value = shared.backward(1, model.losses());
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().message, "rank 1 is gone");
}

}  // namespace
}  // namespace xorch
