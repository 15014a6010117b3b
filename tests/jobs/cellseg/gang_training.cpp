// Steps of training shared by the ranks of an MPI world, started by mpirun with any number of them,
// against the same steps of one rank, which every rank computes for itself.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "jobs/cellseg/learn/schedule.h"
#include "jobs/cellseg/learn/trainer.h"
#include "jobs/collective/mpi.h"
#include "jobs/collective/rank_share.h"
#include "jobs/random/random_stream.h"
#include "jobs/torch/data_parallel.h"

namespace xorch::cellseg {
namespace {

using namespace std::chrono_literals;

constexpr int side = 32;
constexpr int pixels = side * side;
constexpr TrainerSettings settings{.width = 4, .weight_decay = 0.1, .seed = 11};

Communicator* ranks = nullptr;

struct StepBatch {
    Batch images;
    Batch targets;
};

// Some items of a step's batch: waves, whose crests are cells. Each depends on the step and its
// place alone.
StepBatch items_of(std::int64_t step, RankShare share) {
    const int count = static_cast<int>(share.size());
    StepBatch made{Batch(count, side, side), Batch(count, side, side)};
    for (int item = 0; item < count; ++item) {
        RandomStream random(7, "item", {step, share.begin + item});
        const double phase = random.uniform(0, 7);
        const double length = random.uniform(2, 4);
        float* image = made.images.item(item);
        float* target = made.targets.item(item);
        for (int i = 0; i < pixels; ++i) {
            const double at = i / side / length + phase;
            const double beside = i % side / length + phase;
            const double height = std::sin(at) * std::sin(beside);
            image[i] = static_cast<float>(height + random.uniform(-0.1, 0.1));
            image[i + pixels] = static_cast<float>(random.uniform(0, 1));
            target[i] = static_cast<float>(height > 0.2);
            target[i + pixels] = static_cast<float>(std::cos(at) * std::sin(beside));
            target[i + 2 * pixels] = static_cast<float>(std::sin(at) * std::cos(beside));
        }
    }
    return made;
}

// The loss of each step.
std::vector<double> train(
    Trainer& trainer,
    std::int64_t from,
    std::int64_t to,
    const std::function<RankShare(std::int64_t)>& share,
    std::int64_t batch
) {
    const std::vector<double> rates = learning_rates(2e-3, 50);
    std::vector<double> losses;
    for (std::int64_t step = from; step < to; ++step) {
        const RankShare own = share(batch);
        const StepBatch items = items_of(step, own);
        const double weight = static_cast<double>(own.size()) / static_cast<double>(batch);
        const double rate = rates[static_cast<std::size_t>(step)];
        const auto loss =
            trainer.step(items.images, items.targets, {.learning_rate = rate, .weight = weight});
        EXPECT_TRUE(loss) << loss.error().message;
        losses.push_back(loss.value_or(std::nan("")));
    }
    return losses;
}

RankShare whole(std::int64_t items) {
    return {0, items};
}

RankShare own_share(std::int64_t items) {
    return share_of(items, *ranks);
}

std::string weights_of(const Trainer& trainer) {
    return format_tensors(trainer.model().tensors);
}

bool is_equal_everywhere(const std::string& bytes) {
    const auto hash = static_cast<std::int64_t>(std::hash<std::string>()(bytes) >> 1U);
    std::array<std::int64_t, 2> extremes{hash, -hash};
    return ranks->all_reduce_max(extremes) && extremes[0] == -extremes[1];
}

class SharedSteps : public testing::TestWithParam<std::int64_t> {};

// One rank takes up the state of all every few steps: left alone, training magnifies what sums in
// another order differ by, as it does any change of the last bit.
TEST_P(SharedSteps, FollowTheLossOfOneRank) {
    Trainer together(settings, ranks);
    double worst = 0;
    for (std::int64_t step = 0; step < 50; step += 5) {
        JobState state;
        together.store(state);
        Trainer alone(settings);
        ASSERT_TRUE(alone.load(state));
        const auto expected = train(alone, step, step + 5, whole, GetParam());
        const auto losses = train(together, step, step + 5, own_share, GetParam());
        for (std::size_t i = 0; i < losses.size(); ++i)
            worst = std::max(worst, std::abs(losses[i] / expected[i] - 1));
    }
    EXPECT_LT(worst, 1e-4);
    if (ranks->rank() != 0) return;
    fmt::print("batch {}, ranks {}: losses within {:.1e}\n", GetParam(), ranks->size(), worst);
}

// Three items leave one of four ranks without any, ten are not divided by four.
INSTANTIATE_TEST_SUITE_P(
    OfBatch, SharedSteps, testing::Values(3, 8, 10), testing::PrintToStringParamName()
);

TEST(SharedTraining, EndsEachStepWithTheSameWeightsOnAllRanks) {
    Trainer together(settings, ranks);
    for (std::int64_t step = 0; step < 5; ++step) {
        train(together, step, step + 1, own_share, 10);
        EXPECT_TRUE(is_equal_everywhere(weights_of(together))) << step;
    }
}

TEST(SharedTraining, GoesOnFromTheWeightsOfRankZero) {
    TrainerSettings own = settings;
    own.seed += static_cast<std::uint64_t>(ranks->rank());
    Trainer together(own, ranks);
    EXPECT_EQ(is_equal_everywhere(weights_of(together)), ranks->size() == 1);
    ASSERT_TRUE(together.align());
    EXPECT_EQ(weights_of(together) == weights_of(Trainer(settings)), true);
}

TEST(SharedTraining, ALossThatIsNotFiniteOnOneRankEndsTheStepOfAll) {
    Trainer together(settings, ranks);
    StepBatch items = items_of(0, own_share(8));
    if (ranks->rank() == ranks->size() - 1) items.images.values[5] = std::nanf("");
    const auto loss = together.step(items.images, items.targets, {});
    ASSERT_FALSE(loss);
    EXPECT_THAT(loss.error().message, testing::HasSubstr("not finite"));
}

TEST(SharedTraining, GivesTheGradientsOfTheWholeBatch) {
    constexpr std::int64_t items = 10;
    torch::manual_seed(5);
    torch::nn::Linear first(6, 7);
    torch::nn::Linear last(7, 2);
    const torch::Tensor input = torch::randn({items, 6});
    const std::vector<torch::Tensor> parameters{
        first->weight, first->bias, last->weight, last->bias};
    const auto loss_of = [&](RankShare share) {
        const torch::Tensor own = input.narrow(0, share.begin, share.size());
        return last->forward(torch::tanh(first->forward(own))).square().mean();
    };
    const torch::Tensor whole_loss = loss_of({0, items});
    whole_loss.backward();
    std::vector<torch::Tensor> expected;
    for (const torch::Tensor& parameter : parameters) {
        expected.push_back(parameter.grad().clone());
        parameter.grad().zero_();
    }
    DataParallel gradients(parameters, *ranks, 64);
    const RankShare own = own_share(items);
    const auto loss =
        gradients.backward(loss_of(own), static_cast<double>(own.size()) / double{items});
    ASSERT_TRUE(loss);
    EXPECT_NEAR(*loss, whole_loss.item<double>(), 1e-6);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        EXPECT_TRUE(torch::allclose(parameters[i].grad(), expected[i], 1e-5, 1e-7)) << i;
}

int run(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    auto world = MpiWorld::start();
    if (!world) {
        fmt::print(stderr, "{}\n", world.error().message);
        return 1;
    }
    const auto communicator = make_mpi(**world, 100s);
    ranks = communicator.get();
    return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace xorch::cellseg

int main(int argc, char** argv) {
    return xorch::cellseg::run(argc, argv);
}
