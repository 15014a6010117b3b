#pragma once

// Two sets of results, unit by unit: what changed, how surely, and what got lost. A is the
// baseline. Pure; coordinator/report/compare/side.h reads the sides from sweeps.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics/interval.h"
#include "core/statistics/signed_rank.h"
#include "core/value.h"

namespace xorch {

struct ComparedUnit {
    std::string name;  // "train/3"
    Object params{};
    Object metrics{};  // of its last row; empty unless it is done
    bool is_done = true;
};

struct ComparedSide {
    std::string name;                 // of the sweep
    std::vector<std::string> axes{};  // that vary
    Object context{};                 // what else may explain a difference: hashes of code and data
    std::map<std::string, std::string> contents{};  // hashes of what paths among the values lead to
    std::string incompleteness{};  // in words; empty = nothing is missing and nothing is wrong
    std::vector<ComparedUnit> units{};
};

// What is asked about one metric.
struct MetricQuestion {
    std::string metric;
    std::optional<bool> minimise{};        // which end is better; unknown = neither
    std::optional<double> allowed_loss{};  // a larger one is a regression
};

struct CompareQuestion {
    std::vector<MetricQuestion> metrics{};  // empty = every number that both sides have
    std::vector<std::string> by{};          // axes whose values make groups
    std::vector<std::string> ids{};         // columns that hold lists of ids
    std::uint64_t seed = 0;
};

// One metric over the pairs of one group.
struct MetricComparison {
    std::string metric;
    Object group{};  // empty = all pairs
    std::optional<bool> minimise{};
    std::size_t n = 0;     // pairs with a number on both sides
    std::size_t lost = 0;  // a number in A, none in B
    double mean_a = 0.0;
    double mean_b = 0.0;
    double delta = 0.0;                  // mean of B - A
    std::optional<double> relative{};    // delta / mean of A; nothing for a baseline of 0
    std::optional<Interval> interval{};  // of the delta, 95 %, by bootstrap; two pairs at least
    std::optional<SignedRank> test{};
    std::optional<double> p_adjusted{};  // by Holm, over all metrics of the comparison
    std::size_t wins = 0;                // B better; without a better end: B larger
    std::size_t ties = 0;
    std::size_t losses = 0;  // B worse, or lost
    bool is_regression = false;
};

// A list of ids on both sides, over all pairs.
struct IdComparison {
    std::string column;
    std::vector<std::string> in_both{};
    std::vector<std::string> mended{};  // in A only
    std::vector<std::string> broken{};  // in B only
};

struct Difference {
    std::string name;
    std::string a;  // all values, in words; empty = has none
    std::string b;
};

struct SweepComparison {
    std::vector<std::string> matched_by{};
    std::vector<std::string> axes_only_a{};  // without a value that B has: averaged
    std::vector<std::string> axes_only_b{};
    std::size_t pairs = 0;     // of points that both have, whether done or not
    std::size_t averaged = 0;  // pairs that are means of several units on a side
    std::vector<std::string> only_a{};
    std::vector<std::string> only_b{};
    std::vector<std::string> not_done{};    // matched, but without a result on this or that side
    std::vector<std::string> incomplete{};  // what each side lacks, in words
    std::vector<Difference> differences{};
    std::vector<MetricComparison> metrics{};  // all pairs first, then by group
    std::vector<IdComparison> ids{};

    bool is_complete() const {
        return only_a.empty() && only_b.empty() && not_done.empty() && incomplete.empty();
    }

    bool has_regression() const;
};

// Units are matched by the values of axes, also where one side has a single value of one; several
// of one point are averaged. usage for a metric that A has nowhere, for ids that nobody has, and
// for groups by what units are not matched by: a typing error would pass every gate.
Result<SweepComparison> compare_sides(
    const ComparedSide& a, const ComparedSide& b, const CompareQuestion& question
);

}  // namespace xorch
