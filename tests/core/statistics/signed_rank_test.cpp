#include "core/statistics/signed_rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

// Rank sums by counting, without the library's ranks.
struct RankSums {
    std::vector<double> ranks{};
    double positive = 0.0;
};

RankSums rank_sums(std::vector<double> differences) {
    differences.erase(std::remove(differences.begin(), differences.end(), 0.0), differences.end());
    RankSums sums;
    for (const double each : differences) {
        double rank = 0.5;
        for (const double other : differences) {
            const double a = std::abs(other);
            const double b = std::abs(each);
            rank += a < b ? 1.0 : a == b ? 0.5 : 0.0;
        }
        sums.ranks.push_back(rank);
        if (each > 0.0) sums.positive += rank;
    }
    return sums;
}

// All 2^n ways to give the ranks their signs.
double p_by_enumeration(const std::vector<double>& differences) {
    const RankSums sums = rank_sums(differences);
    const double total = std::accumulate(sums.ranks.begin(), sums.ranks.end(), 0.0);
    const double off_middle = std::abs(sums.positive - total / 2);
    const std::size_t ways = std::size_t{1} << sums.ranks.size();
    std::size_t as_far = 0;
    for (std::size_t signs = 0; signs < ways; ++signs) {
        double positive = 0.0;
        for (std::size_t i = 0; i < sums.ranks.size(); ++i) {
            if ((signs >> i & 1U) != 0) positive += sums.ranks[i];
        }
        if (std::abs(positive - total / 2) >= off_middle) ++as_far;
    }
    return static_cast<double>(as_far) / static_cast<double>(ways);
}

// The distribution as a table of sums, for samples too large to enumerate.
double p_by_table(const std::vector<double>& differences) {
    const RankSums sums = rank_sums(differences);
    std::map<double, double> chance{
        {0.0, 1.0}
    };
    for (const double rank : sums.ranks) {
        std::map<double, double> next;
        for (const auto& [sum, share] : chance) {
            next[sum] += share / 2;
            next[sum + rank] += share / 2;
        }
        chance = std::move(next);
    }
    const double middle = std::accumulate(sums.ranks.begin(), sums.ranks.end(), 0.0) / 2;
    double p = 0.0;
    for (const auto& [sum, share] : chance) {
        if (std::abs(sum - middle) >= std::abs(sums.positive - middle)) p += share;
    }
    return p;
}

TEST(SignedRank, OfTheReferenceDifferencesIsAsKnown) {
    const auto result = signed_rank_test({0.8, -0.3, 1.2, 0.5, 0.9, -0.1, 1.5, 0.4});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->w, 3.0);
    EXPECT_DOUBLE_EQ(result->p, 0.0390625);
    EXPECT_EQ(result->n, 8);
    EXPECT_TRUE(result->is_exact);
}

TEST(SignedRank, EqualsTheEnumerationOfAllSignsAlsoWithTiesAndZeros) {
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        const std::vector<double> differences = tied_sample(random, 1 + random() % 12, 6);
        const auto result = signed_rank_test(differences);
        if (!result) {
            ASSERT_TRUE(rank_sums(differences).ranks.empty());
            continue;
        }
        ASSERT_NEAR(result->p, p_by_enumeration(differences), 1e-12);
    }
}

TEST(SignedRank, ApproximatesTheExactDistributionOfLargeSamples) {
    std::mt19937 random(4);
    for (int round = 0; round < 5; ++round) {
        std::vector<double> differences = tied_sample(random, 60 + random() % 20, 20);
        for (double& difference : differences) {
            difference += static_cast<double>(round % 5);
        }
        const auto result = signed_rank_test(differences);
        ASSERT_TRUE(result);
        ASSERT_FALSE(result->is_exact);
        ASSERT_NEAR(result->p, p_by_table(differences), 2e-3);
    }
}

TEST(SignedRank, DoesNotCareWhichSideIsSubtracted) {
    std::mt19937 random(5);
    for (int round = 0; round < 50; ++round) {
        std::vector<double> differences = tied_sample(random, 1 + random() % 70, 9);
        differences.push_back(1);
        const auto forward = signed_rank_test(differences);
        for (double& difference : differences) {
            difference = -difference;
        }
        const auto backward = signed_rank_test(differences);
        ASSERT_EQ(forward->p, backward->p);
        ASSERT_EQ(forward->w, backward->w);
    }
}

TEST(SignedRank, SaysNothingWithoutADifference) {
    EXPECT_FALSE(signed_rank_test({}));
    EXPECT_FALSE(signed_rank_test({0, 0, 0}));
}

}  // namespace
}  // namespace xorch
