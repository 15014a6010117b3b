#include "jobs/anomaly/encode/patch_core.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace xorch::anomaly {

namespace {

double squared_distance(const float* left, const float* right, int columns) {
    double sum = 0;
    for (int i = 0; i < columns; ++i) {
        const double apart = static_cast<double>(left[i]) - right[i];
        sum += apart * apart;
    }
    return sum;
}

// The sum of squared distances to all rows is n |f|^2 - 2 f (sum of rows) and what is the same for
// every row, so that no distance needs to be computed.
int farthest_from_all(const Features& rows) {
    std::vector<double> sums(static_cast<std::size_t>(rows.columns));
    for (int i = 0; i < rows.rows; ++i) {
        std::transform(sums.begin(), sums.end(), rows.row(i), sums.begin(), std::plus<>());
    }
    int farthest = 0;
    double greatest = -std::numeric_limits<double>::infinity();
    for (int i = 0; i < rows.rows; ++i) {
        const float* row = rows.row(i);
        const double square = std::inner_product(row, row + rows.columns, row, 0.0);
        const double towards = std::inner_product(row, row + rows.columns, sums.begin(), 0.0);
        const double distance = rows.rows * square - 2 * towards;
        if (distance > greatest) {
            greatest = distance;
            farthest = i;
        }
    }
    return farthest;
}

void append_row(Features& to, const Features& from, int row) {
    const float* values = from.row(row);
    to.columns = from.columns;
    to.values.insert(to.values.end(), values, values + from.columns);
    ++to.rows;
}

}  // namespace

Features join_columns(const Features& left, const Features& right) {
    XORCH_CHECK(left.rows == right.rows, "two levels of the same patches");
    Features joined{.rows = left.rows, .columns = left.columns + right.columns, .values = {}};
    for (int i = 0; i < left.rows; ++i) {
        joined.values.insert(joined.values.end(), left.row(i), left.row(i) + left.columns);
        joined.values.insert(joined.values.end(), right.row(i), right.row(i) + right.columns);
    }
    return joined;
}

Features choose_coreset(const Features& rows, int count) {
    XORCH_CHECK(count >= 1 && count <= rows.rows, "a coreset of some of the rows");
    Features chosen;
    std::vector<double> nearest(
        static_cast<std::size_t>(rows.rows), std::numeric_limits<double>::infinity()
    );
    int next = farthest_from_all(rows);
    while (true) {
        append_row(chosen, rows, next);
        if (chosen.rows == count) return chosen;
        const float* last = chosen.row(chosen.rows - 1);
        for (int i = 0; i < rows.rows; ++i) {
            double& distance = nearest[static_cast<std::size_t>(i)];
            distance = std::min(distance, squared_distance(rows.row(i), last, rows.columns));
        }
        next = static_cast<int>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
    }
}

MemoryScores neighbour_scores(const Features& features, const Features& bank, int neighbours) {
    XORCH_CHECK(bank.rows > 0 && bank.columns == features.columns, "a bank of such features");
    const auto wanted = std::max(2, neighbours);
    const auto kept = static_cast<std::ptrdiff_t>(std::min(wanted, bank.rows));
    const auto counted = std::min<std::ptrdiff_t>(neighbours, kept);
    MemoryScores scores;
    std::vector<double> distances(static_cast<std::size_t>(bank.rows));
    for (int i = 0; i < features.rows; ++i) {
        for (int j = 0; j < bank.rows; ++j) {
            distances[static_cast<std::size_t>(j)] =
                std::sqrt(squared_distance(features.row(i), bank.row(j), bank.columns));
        }
        std::partial_sort(distances.begin(), distances.begin() + kept, distances.end());
        const double sum = std::accumulate(distances.begin(), distances.begin() + counted, 0.0);
        scores.distance.push_back(static_cast<float>(sum / static_cast<double>(counted)));
        scores.margin.push_back(
            static_cast<float>(distances[static_cast<std::size_t>(kept > 1)] - distances[0])
        );
    }
    return scores;
}

}  // namespace xorch::anomaly
