// Steps of training shared by the ranks of an MPI world, started by mpirun with any number of them,
// against the same steps of one rank, which every rank computes for itself.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "jobs/cellseg/learn/schedule.h"
#include "jobs/cellseg/learn/trainer.h"
#include "jobs/collective/mpi.h"
#include "jobs/collective/rank_share.h"
#include "jobs/random/random_stream.h"

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

// The loss of each of 50 steps.
std::vector<double> train(Trainer& trainer, RankShare share) {
    std::int64_t step = 0;
    std::vector<double> losses;
    for (const double rate : learning_rates(2e-3, 50)) {
        const StepBatch items = items_of(step++, share);
        const auto loss = trainer.step(items.images, items.targets, rate);
        EXPECT_TRUE(loss) << loss.error().message;
        losses.push_back(loss.value_or(std::nan("")));
    }
    return losses;
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

// Training magnifies any change of a last bit: 50 steps show whether there was one.
TEST_P(SharedSteps, HaveTheBitsOfOneRank) {
    Trainer alone(settings);
    const auto expected = train(alone, {0, GetParam()});
    Trainer together(settings, ranks);
    EXPECT_EQ(train(together, share_of(GetParam(), *ranks)), expected);
    EXPECT_TRUE(weights_of(together) == weights_of(alone));
    EXPECT_LT(expected.back(), 0.9 * expected.front()) << "it learned";
}

// Three items leave one of four ranks without any, ten are not divided by four.
INSTANTIATE_TEST_SUITE_P(
    OfBatch, SharedSteps, testing::Values(3, 8, 10), testing::PrintToStringParamName()
);

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
    StepBatch items = items_of(0, share_of(8, *ranks));
    if (ranks->rank() == ranks->size() - 1) items.images.values[5] = std::nanf("");
    const auto loss = together.step(items.images, items.targets, 0);
    ASSERT_FALSE(loss);
    EXPECT_THAT(loss.error().message, testing::HasSubstr("not finite"));
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
