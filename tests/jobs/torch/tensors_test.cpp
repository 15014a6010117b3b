#include "jobs/torch/tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "core/io/posix_disk.h"
#include "jobs/torch/environment.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using MakeOptimizer = std::function<
    std::unique_ptr<torch::optim::Optimizer>(const std::vector<torch::Tensor>& parameters)>;

// Normalisation with running statistics, dropout that draws from the generator: all that a network
// may keep from step to step.
struct Training {
    explicit Training(const MakeOptimizer& make) {
        begin_torch_unit(5, 1);
        network = torch::nn::Sequential(
            torch::nn::Linear(4, 8),
            torch::nn::BatchNorm1d(8),
            torch::nn::Dropout(0.3),
            torch::nn::Linear(8, 1)
        );
        optimizer = make(network->parameters());
    }

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            optimizer->zero_grad();
            const torch::Tensor x = torch::randn({16, 4});
            torch::mse_loss(network->forward(x), x.sum(1, true)).backward();
            optimizer->step();
        }
    }

    JobState save() const {
        JobState state;
        store_tensors(state, "network", tensors_of(*network));
        store_optimizer(state, "optimizer", *optimizer);
        store_generator(state, "generator");
        return state;
    }

    void load(const JobState& state) {
        for (const Result<void>& loaded :
             {load_tensors(state, "network", tensors_of(*network)),
              load_optimizer(state, "optimizer", *optimizer),
              load_generator(state, "generator")})
            EXPECT_TRUE(loaded) << loaded.error().message;
    }

    torch::nn::Sequential network{nullptr};
    std::unique_ptr<torch::optim::Optimizer> optimizer;
};

// Ten steps at once against five, a trip through the disk into fresh objects, and five more.
void expect_bit_equal_resume(const MakeOptimizer& make) {
    Training straight(make);
    straight.run(10);
    const JobState expected = straight.save();

    const TemporaryDirectory folder;
    PosixDisk disk;
    {
        Training first(make);
        first.run(5);
        ASSERT_TRUE(save_job_state(disk, folder.path(), first.save()));
    }
    Training second(make);
    second.run(2);  // whatever a process did before must not matter
    second.load(*load_job_state(disk, folder.path()));
    second.run(5);
    const JobState resumed = second.save();
    EXPECT_EQ(resumed.tensors, expected.tensors);
    EXPECT_EQ(Value(resumed.values), Value(expected.values));
}

TEST(Resume, WithAdamWIsBitEqual) {
    expect_bit_equal_resume([](const auto& parameters) {
        return std::make_unique<torch::optim::AdamW>(parameters, torch::optim::AdamWOptions(3e-3));
    });
}

TEST(Resume, WithAdamAndAmsgradIsBitEqual) {
    expect_bit_equal_resume([](const auto& parameters) {
        return std::make_unique<torch::optim::Adam>(
            parameters, torch::optim::AdamOptions(1e-2).amsgrad(true).weight_decay(1e-3)
        );
    });
}

TEST(Resume, WithMomentumIsBitEqual) {
    expect_bit_equal_resume([](const auto& parameters) {
        return std::make_unique<torch::optim::SGD>(
            parameters, torch::optim::SGDOptions(1e-2).momentum(0.9)
        );
    });
}

TEST(Resume, BringsBackAChangedLearningRate) {
    const MakeOptimizer make = [](const auto& parameters) {
        return std::make_unique<torch::optim::AdamW>(parameters, torch::optim::AdamWOptions(1e-3));
    };
    Training first(make);
    first.run(1);
    static_cast<torch::optim::AdamWOptions&>(first.optimizer->param_groups()[0].options())
        .lr(0.125)
        .betas({0.8, 0.9});
    Training second(make);
    second.load(first.save());
    const auto& options =
        static_cast<torch::optim::AdamWOptions&>(second.optimizer->param_groups()[0].options());
    EXPECT_EQ(options.lr(), 0.125);
    EXPECT_EQ(options.betas(), std::make_tuple(0.8, 0.9));
}

TEST(Resume, ATensorThatDoesNotFitIsNamed) {
    JobState state;
    store_tensors(state, "net", tensors_of(*torch::nn::Linear(3, 2)));
    const auto wrong_shape = load_tensors(state, "net", tensors_of(*torch::nn::Linear(3, 4)));
    EXPECT_EQ(wrong_shape.error().message, "tensor \"net.weight\" is Float [2,3], not Float [4,3]");
    const auto missing = load_tensors(state, "other", tensors_of(*torch::nn::Linear(3, 2)));
    EXPECT_EQ(missing.error().message, "there is no tensor \"other.weight\"");
    state.tensors.push_back({.name = "generator", .type = ElementType::u8, .shape = {1}});
    state.tensors.back().bytes = "x";
    EXPECT_EQ(load_generator(state, "generator").error().code, ErrorCode::corrupted);
}

TEST(StoredTensor, OfAStridedViewIsRowMajor) {
    const torch::Tensor view = torch::arange(6, torch::kInt64).reshape({2, 3}).t();
    const auto back = load_tensor(store_tensor("view", view));
    ASSERT_TRUE(back);
    EXPECT_TRUE(torch::equal(*back, view));
    EXPECT_TRUE(back->is_contiguous());
}

}  // namespace
}  // namespace xorch
