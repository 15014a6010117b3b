// Matching and statistics against exhaustive search and plain definitions.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/statistics/correlation.h"
#include "core/statistics/percentile.h"
#include "jobs/cellseg/flows/labels.h"
#include "jobs/cellseg/metrics/assignment.h"
#include "jobs/cellseg/metrics/matching.h"
#include "tests/jobs/cellseg/drawings.h"

namespace xorch::cellseg {
namespace {

double total(const Grid<double>& cost, const std::vector<int>& column_of) {
    double sum = 0.0;
    for (int row = 0; row < cost.height; ++row) {
        const int column = column_of[static_cast<std::size_t>(row)];
        if (column >= 0) sum += cost.at(row, column);
    }
    return sum;
}

// Every way to give the rows of a square matrix their columns.
double least_by_search(const Grid<double>& cost) {
    std::vector<int> order(static_cast<std::size_t>(cost.height));
    std::iota(order.begin(), order.end(), 0);
    double least = total(cost, order);
    while (std::next_permutation(order.begin(), order.end())) {
        least = std::min(least, total(cost, order));
    }
    return least;
}

// Zeros make a matrix square without changing what the best assignment costs.
Grid<double> squared(const Grid<double>& cost) {
    const int side = std::max(cost.height, cost.width);
    Grid<double> square(side, side);
    for (int y = 0; y < cost.height; ++y) {
        for (int x = 0; x < cost.width; ++x) {
            square.at(y, x) = cost.at(y, x);
        }
    }
    return square;
}

TEST(CellsegAssignment, CostsAsLittleAsTheBestOfAllPermutations) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> costs(-1.0, 0.0);
    for (int round = 0; round < 300; ++round) {
        Grid<double> cost(1 + static_cast<int>(random() % 6), 1 + static_cast<int>(random() % 6));
        for (double& value : cost.values) {
            value = costs(random);
            if (random() % 3 == 0) value = 0.0;
            if (random() % 5 == 0) value = -0.5;  // ties
        }
        const std::vector<int> column_of = assign_least_cost(cost);
        std::set<int> used;
        for (const int column : column_of) {
            if (column >= 0) {
                EXPECT_TRUE(used.insert(column).second);
            }
        }
        ASSERT_EQ(static_cast<int>(used.size()), std::min(cost.height, cost.width));
        ASSERT_NEAR(total(cost, column_of), least_by_search(squared(cost)), 1e-9);
    }
}

// The whole matrix at once, and the overlap of each pair counted pixel by pixel.
Counts slow_counts(const Labels& truth, const Labels& predicted, double threshold) {
    const int rows = max_label(truth);
    const int columns = max_label(predicted);
    Grid<double> iou(rows, columns);
    Grid<double> cost(rows, columns);
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            int both = 0;
            int either = 0;
            for (std::size_t i = 0; i < truth.values.size(); ++i) {
                const bool is_true = truth.values[i] == row + 1;
                const bool is_predicted = predicted.values[i] == column + 1;
                both += is_true && is_predicted ? 1 : 0;
                either += is_true || is_predicted ? 1 : 0;
            }
            iou.at(row, column) = static_cast<double>(both) / either;
            cost.at(row, column) = -(iou.at(row, column) >= threshold ? 1.0 : 0.0) -
                                   iou.at(row, column) / (2.0 * std::min(rows, columns));
        }
    }
    Counts counts;
    const std::vector<int> column_of = assign_least_cost(cost);
    for (int row = 0; row < rows; ++row) {
        const int column = column_of[static_cast<std::size_t>(row)];
        if (column >= 0 && iou.at(row, column) >= threshold) ++counts.true_positive;
    }
    counts.false_positive = columns - counts.true_positive;
    counts.false_negative = rows - counts.true_positive;
    return counts;
}

TEST(CellsegMatching, InGroupsCountsAsManyAsOverTheWholeMatrix) {
    std::mt19937 random(6);
    for (int image = 0; image < 300; ++image) {
        const Labels truth = random_labels(random);
        const Labels predicted = disturbed(truth, random);
        const Overlaps overlaps = find_overlaps(truth, predicted);
        for (const double threshold : {0.1, 0.3, 0.5, 0.75, 0.9}) {
            ASSERT_EQ(match_cells(overlaps, threshold), slow_counts(truth, predicted, threshold))
                << "image " << image << " at " << threshold;
        }
    }
}

TEST(CellsegMatching, FindsEveryCellOfAnEqualImage) {
    std::mt19937 random(7);
    for (int image = 0; image < 100; ++image) {
        const Labels labels = random_labels(random);
        const Counts counts = match_cells(find_overlaps(labels, labels), 1.0);
        EXPECT_EQ(counts.true_positive, count_cells(labels));
        EXPECT_EQ(average_precision(counts), 1.0);
    }
}

TEST(CellsegMatching, CountsCellsOfAnImageWithoutBackground) {
    const Labels full = draw({"1122", "1122"});
    const Counts missed = match_cells(find_overlaps(full, Labels(2, 4)), 0.5);
    EXPECT_EQ(missed.false_negative, 2);
    EXPECT_EQ(missed.false_positive, 0);
    const Counts invented = match_cells(find_overlaps(Labels(2, 4), full), 0.5);
    EXPECT_EQ(invented.false_positive, 2);
    EXPECT_EQ(average_precision(invented), 0.0);
}

TEST(CellsegStatistics, PercentilesAreThoseOfTheSortedSample) {
    std::mt19937 random(8);
    std::normal_distribution<float> values;
    for (int round = 0; round < 100; ++round) {
        std::vector<float> sample(1 + random() % 30);
        for (float& value : sample) {
            value = values(random);
        }
        std::vector<float> sorted = sample;
        std::sort(sorted.begin(), sorted.end());
        const double fraction = static_cast<double>(random() % 101) / 100.0;
        const double position = fraction * static_cast<double>(sorted.size() - 1);
        const auto below = static_cast<std::size_t>(position);
        const auto above = std::min(below + 1, sorted.size() - 1);
        const double rest = position - static_cast<double>(below);
        const double expected = sorted[below] * (1.0 - rest) + sorted[above] * rest;
        ASSERT_NEAR(percentile(sample, fraction), expected, 1e-6);
    }
}

TEST(CellsegStatistics, NothingCorrelatesWithAConstantOrWithTwoPairs) {
    EXPECT_FALSE(spearman({1, 2, 3}, {5, 5, 5}));
    EXPECT_FALSE(spearman({1, 2}, {1, 2}));
    const auto perfect = spearman({1, 2, 3, 4}, {10, 20, 30, 40});
    ASSERT_TRUE(perfect);
    EXPECT_EQ(perfect->rho, 1.0);
    EXPECT_EQ(perfect->p, 0.0);
}

}  // namespace
}  // namespace xorch::cellseg
