#include "jobs/cellseg/metrics/matching.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "jobs/cellseg/metrics/assignment.h"

namespace xorch::cellseg {

namespace {

// Which true cells belong together because they overlap the same predicted cells, over one more.
class Groups {
 public:
    explicit Groups(std::size_t size) : parent_(size) {
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    }

    std::size_t root(std::size_t item) {
        while (parent_[item] != item) {
            parent_[item] = parent_[parent_[item]];
            item = parent_[item];
        }
        return item;
    }

    void join(std::size_t left, std::size_t right) { parent_[root(left)] = root(right); }

 private:
    std::vector<std::size_t> parent_;
};

using Pairs = std::vector<Overlap>;

std::vector<Pairs> split_into_groups(const Pairs& pairs) {
    int truth_max = 0;
    int predicted_max = 0;
    for (const Overlap& pair : pairs) {
        truth_max = std::max(truth_max, pair.truth);
        predicted_max = std::max(predicted_max, pair.predicted);
    }
    const std::size_t offset = static_cast<std::size_t>(truth_max) + 1;
    Groups groups(offset + static_cast<std::size_t>(predicted_max) + 1);
    for (const Overlap& pair : pairs) {
        groups.join(
            static_cast<std::size_t>(pair.truth), offset + static_cast<std::size_t>(pair.predicted)
        );
    }
    std::map<std::size_t, Pairs> by_root;
    for (const Overlap& pair : pairs) {
        by_root[groups.root(static_cast<std::size_t>(pair.truth))].push_back(pair);
    }
    std::vector<Pairs> split;
    for (auto& [root, members] : by_root) {
        split.push_back(std::move(members));
    }
    return split;
}

std::vector<int> sorted_labels(const Pairs& pairs, int Overlap::*label) {
    std::vector<int> labels;
    for (const Overlap& pair : pairs) {
        labels.push_back(pair.*label);
    }
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return labels;
}

int position_in(const std::vector<int>& labels, int label) {
    return static_cast<int>(std::lower_bound(labels.begin(), labels.end(), label) - labels.begin());
}

int match_group(const Pairs& pairs, double threshold, double iou_weight) {
    if (pairs.size() == 1) return pairs[0].iou >= threshold ? 1 : 0;
    const std::vector<int> rows = sorted_labels(pairs, &Overlap::truth);
    const std::vector<int> columns = sorted_labels(pairs, &Overlap::predicted);
    Grid<double> cost(static_cast<int>(rows.size()), static_cast<int>(columns.size()));
    Grid<double> iou(cost.height, cost.width);
    for (const Overlap& pair : pairs) {
        const int row = position_in(rows, pair.truth);
        const int column = position_in(columns, pair.predicted);
        iou.at(row, column) = pair.iou;
        cost.at(row, column) = -(pair.iou >= threshold ? 1.0 : 0.0) - pair.iou * iou_weight;
    }
    const std::vector<int> column_of = assign_least_cost(cost);
    int matched = 0;
    for (int row = 0; row < cost.height; ++row) {
        const int column = column_of[static_cast<std::size_t>(row)];
        if (column >= 0 && iou.at(row, column) >= threshold) ++matched;
    }
    return matched;
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
    true_positive += other.true_positive;
    false_positive += other.false_positive;
    false_negative += other.false_negative;
    return *this;
}

Counts match_cells(const Overlaps& overlaps, double threshold) {
    int matched = 0;
    const int smaller = std::min(overlaps.truth_count, overlaps.predicted_count);
    if (smaller > 0) {
        for (const Pairs& pairs : split_into_groups(overlaps.pairs)) {
            matched += match_group(pairs, threshold, 1.0 / (2.0 * smaller));
        }
    }
    return {
        .true_positive = matched,
        .false_positive = overlaps.predicted_count - matched,
        .false_negative = overlaps.truth_count - matched};
}

double average_precision(const Counts& counts) {
    const int all = counts.true_positive + counts.false_positive + counts.false_negative;
    return all == 0 ? 1.0 : static_cast<double>(counts.true_positive) / all;
}

Rates rates_of(const Counts& counts) {
    constexpr double nothing = 1e-8;
    const double matched = counts.true_positive;
    Rates rates;
    rates.precision = matched / (matched + counts.false_positive + nothing);
    rates.recall = matched / (matched + counts.false_negative + nothing);
    rates.f1 = 2.0 * rates.precision * rates.recall / (rates.precision + rates.recall + nothing);
    return rates;
}

}  // namespace xorch::cellseg
