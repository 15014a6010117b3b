#include "jobs/anomaly/encode/patch_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;

Features random_rows(std::mt19937& random, int count, int columns) {
    Features features{.rows = count, .columns = columns, .values = {}};
    for (int i = 0; i < count * columns; ++i) {
        features.values.push_back(static_cast<float>(random() % 2000) / 1000 - 1);
    }
    return features;
}

double distance_of(const Features& left, int i, const Features& right, int j) {
    double sum = 0;
    for (int k = 0; k < left.columns; ++k) {
        sum += std::pow(static_cast<double>(left.row(i)[k]) - right.row(j)[k], 2);
    }
    return std::sqrt(sum);
}

// From the whole matrix of distances, as it is published.
std::vector<int> slow_coreset(const Features& rows, int count) {
    const auto norm = [&](int i) {
        double sum = 0;
        for (int j = 0; j < rows.rows; ++j) {
            sum += std::pow(distance_of(rows, i, rows, j), 2);
        }
        return std::sqrt(sum);
    };
    std::vector<int> chosen{0};
    for (int i = 1; i < rows.rows; ++i) {
        if (norm(i) > norm(chosen[0])) chosen[0] = i;
    }
    while (static_cast<int>(chosen.size()) < count) {
        int farthest = 0;
        double greatest = -1;
        for (int i = 0; i < rows.rows; ++i) {
            double nearest = 1e9;
            for (const int other : chosen) {
                nearest = std::min(nearest, distance_of(rows, i, rows, other));
            }
            if (nearest > greatest) {
                greatest = nearest;
                farthest = i;
            }
        }
        chosen.push_back(farthest);
    }
    return chosen;
}

TEST(AnomalyPatchCore, ChoosesTheRowsThatTheWholeMatrixOfDistancesWould) {
    std::mt19937 random(11);
    for (int round = 0; round < 20; ++round) {
        const Features rows = random_rows(random, 30, 5);
        const Features chosen = choose_coreset(rows, 9);
        const std::vector<int> expected = slow_coreset(rows, 9);
        ASSERT_EQ(chosen.rows, 9);
        for (int i = 0; i < chosen.rows; ++i) {
            ASSERT_EQ(distance_of(chosen, i, rows, expected[static_cast<std::size_t>(i)]), 0) << i;
        }
    }
}

TEST(AnomalyPatchCore, OfAllRowsIsEachOfThemOnce) {
    std::mt19937 random(12);
    const Features rows = random_rows(random, 12, 3);
    const Features chosen = choose_coreset(rows, 12);
    std::vector<float> first = rows.values;
    std::vector<float> second = chosen.values;
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
    EXPECT_EQ(first, second);
}

TEST(AnomalyPatchCore, ScoresAreMeanDistancesToTheNearestRows) {
    const Features bank{
        .rows = 3, .columns = 1, .values = {0, 1, 5}
    };
    const Features patch{.rows = 1, .columns = 1, .values = {3}};
    EXPECT_THAT(neighbour_scores(patch, bank, 1).distance, ElementsAre(2.0F));
    EXPECT_THAT(neighbour_scores(patch, bank, 1).margin, ElementsAre(0.0F));
    EXPECT_THAT(neighbour_scores(patch, bank, 3).distance, ElementsAre(7.0F / 3));
    EXPECT_THAT(neighbour_scores(patch, bank, 9).distance, ElementsAre(7.0F / 3));
    const Features one{.rows = 1, .columns = 1, .values = {1}};
    EXPECT_THAT(neighbour_scores(patch, one, 2).distance, ElementsAre(2.0F));
    EXPECT_THAT(neighbour_scores(patch, one, 2).margin, ElementsAre(0.0F));
}

TEST(AnomalyPatchCore, JoinsTheLevelsOfAPatch) {
    const Features joined = join_columns(
        {
            .rows = 2, .columns = 1, .values = {1, 2}
    },
        {2, 2, {3, 4, 5, 6}}
    );
    EXPECT_EQ(joined.columns, 3);
    EXPECT_THAT(joined.values, ElementsAre(1, 3, 4, 2, 5, 6));
}

}  // namespace
}  // namespace xorch::anomaly
