#include "jobs/random/random_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace xorch {
namespace {

std::vector<std::uint32_t> draws(RandomStream stream) {
    std::vector<std::uint32_t> result(9);
    std::generate(result.begin(), result.end(), [&] { return stream.bits32(); });
    return result;
}

TEST(RandomStream, EqualNamesGiveEqualDraws) {
    EXPECT_EQ(
        draws({
            7, "crop", {1, 2}
    }),
        draws({7, "crop", {1, 2}})
    );
}

// Frozen: a change of these would change the results of every native unit.
TEST(RandomStream, ItsDrawsAreTheSameInEveryVersion) {
    RandomStream stream(7, "crop", {1, 2});
    EXPECT_EQ(stream.bits32(), 2454256096U);
    EXPECT_EQ(stream.bits32(), 1878157366U);
    EXPECT_EQ(stream.below(1000), 173U);
    EXPECT_EQ(stream.uniform(), 0x1.776ef00c96208p-4);
}

TEST(RandomStream, EveryPartOfTheNameMatters) {
    const std::set<std::vector<std::uint32_t>> all{
        draws({7,          "crop",  {1, 2}}
        ),
        draws({8,          "crop",  {1, 2}}
        ),
        draws({7,          "crop",  {2, 1}}
        ),
        draws({7,          "crop",  {12}  }
        ),
        draws({7,          "crop",  {1}   }
        ),
        draws({7,          "crop" }
        ),
        draws({7, "crop\n1",     {2}      }
        ),
        draws({7,    "drop",  {1, 2}}
        ),
        draws({7,    "crop", {-1, 2}      }
        )
    };
    EXPECT_EQ(all.size(), 9U);
}

TEST(RandomStream, BelowStaysBelowAndReachesEveryNumber) {
    RandomStream stream(1, "below");
    std::array<int, 7> counts{};
    for (int i = 0; i < 7000; ++i)
        ++counts.at(stream.below(7));
    // Each is binomial with mean 1000 and deviation 29.
    for (const int count : counts)
        EXPECT_NEAR(count, 1000, 150);
    EXPECT_EQ(stream.below(1), 0U);
}

TEST(RandomStream, UniformIsInItsHalfOpenRange) {
    RandomStream stream(2, "uniform");
    double sum = 0;
    for (int i = 0; i < 10000; ++i) {
        const double number = stream.uniform(-2, 4);
        ASSERT_GE(number, -2);
        ASSERT_LT(number, 4);
        sum += number;
    }
    EXPECT_NEAR(sum / 10000, 1.0, 0.1);
}

TEST(RandomStream, NormalHasMeanZeroAndDeviationOne) {
    RandomStream stream(3, "normal");
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < 20000; ++i) {
        const double number = stream.normal();
        ASSERT_TRUE(std::isfinite(number));
        sum += number;
        squares += number * number;
    }
    EXPECT_NEAR(sum / 20000, 0.0, 0.04);
    EXPECT_NEAR(squares / 20000, 1.0, 0.06);
}

TEST(RandomStream, APermutationHoldsEveryNumberOnce) {
    std::vector<std::size_t> order = RandomStream(4, "order").permutation(50);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i)
        EXPECT_EQ(order[i], i);
}

TEST(RandomStream, ASampleHasNoNumberTwiceAndIsTheStartOfThePermutation) {
    const std::vector<std::size_t> sample = RandomStream(5, "s").sample(20, 6);
    EXPECT_EQ(std::set<std::size_t>(sample.begin(), sample.end()).size(), 6U);
    std::vector<std::size_t> order = RandomStream(5, "s").permutation(20);
    order.resize(6);
    EXPECT_EQ(sample, order);
}

TEST(RandomStream, WeightedFollowsTheWeightsAndNeverTakesANought) {
    RandomStream stream(6, "weighted");
    const std::array<double, 4> weights{1, 0, 3, 0};
    std::array<int, 4> counts{};
    for (int i = 0; i < 4000; ++i)
        ++counts.at(stream.weighted(weights));
    EXPECT_EQ(counts[1] + counts[3], 0);
    EXPECT_NEAR(counts[0], 1000, 140);
}

}  // namespace
}  // namespace xorch
