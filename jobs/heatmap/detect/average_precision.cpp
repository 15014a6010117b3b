#include "jobs/heatmap/detect/average_precision.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace xorch::heatmap {

namespace {

// Of one detection: the true boxes that it touches, the most overlapping first, the earlier one of
// equals.
struct Touched {
    std::size_t truth;
    double overlap;
};

using TruthsOfImage = std::unordered_map<int, std::vector<std::size_t>>;

TruthsOfImage group_by_image(const std::vector<Truth>& truths, Matching matching) {
    TruthsOfImage groups;
    for (std::size_t i = 0; i < truths.size(); ++i) {
        groups[matching == Matching::pooled ? 0 : truths[i].image].push_back(i);
    }
    return groups;
}

// The overlaps are the same for every threshold and are computed once, best score first.
std::vector<std::vector<Touched>> find_touched(const ClassBoxes& boxes, Matching matching) {
    std::vector<std::size_t> order(boxes.detections.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return boxes.detections[left].score > boxes.detections[right].score;
    });
    const TruthsOfImage groups = group_by_image(boxes.truths, matching);
    std::vector<std::vector<Touched>> all;
    all.reserve(order.size());
    for (const std::size_t number : order) {
        const Detection& detection = boxes.detections[number];
        std::vector<Touched>& touched = all.emplace_back();
        const auto group = groups.find(matching == Matching::pooled ? 0 : detection.image);
        if (group == groups.end()) continue;
        for (const std::size_t truth : group->second) {
            const double shared = overlap(detection.box, boxes.truths[truth].box);
            if (shared > 0) touched.push_back({.truth = truth, .overlap = shared});
        }
        std::stable_sort(
            touched.begin(),
            touched.end(),
            [](const Touched& left, const Touched& right) { return left.overlap > right.overlap; }
        );
    }
    return all;
}

std::vector<bool> match(
    const std::vector<std::vector<Touched>>& touched, std::size_t truths, double least
) {
    std::vector<bool> is_taken(truths, false);
    std::vector<bool> is_right;
    is_right.reserve(touched.size());
    for (const std::vector<Touched>& candidates : touched) {
        const auto free =
            std::find_if(candidates.begin(), candidates.end(), [&](const Touched& candidate) {
                return !is_taken[candidate.truth];
            });
        const bool hits = free != candidates.end() && free->overlap >= least;
        if (hits) is_taken[free->truth] = true;
        is_right.push_back(hits);
    }
    return is_right;
}

// The mean over recalls 0, 0.1, ..., 1 of the best precision from there on.
double eleven_points(const std::vector<bool>& is_right, std::size_t truths) {
    constexpr int points = 11;
    constexpr double no_division_by_zero = 1e-8;  // as the script that this follows has it
    std::vector<double> best(points, 0.0);
    int right = 0;
    for (std::size_t i = 0; i < is_right.size(); ++i) {
        right += is_right[i] ? 1 : 0;
        const double precision = right / (static_cast<double>(i + 1) + no_division_by_zero);
        for (int point = 0; point < points; ++point) {
            // right / truths >= point / 10 in integers: 0.3 is no double.
            if (10 * static_cast<std::size_t>(right) < static_cast<std::size_t>(point) * truths) {
                break;
            }
            auto& most = best[static_cast<std::size_t>(point)];
            most = std::max(most, precision);
        }
    }
    return std::accumulate(best.begin(), best.end(), 0.0) / points;
}

}  // namespace

std::vector<double> average_precisions(
    const ClassBoxes& boxes, const std::vector<double>& overlaps, Matching matching
) {
    std::vector<double> precisions;
    const auto touched = find_touched(boxes, matching);
    for (const double least : overlaps) {
        const std::size_t truths = boxes.truths.size();
        precisions.push_back(
            truths == 0 ? 0.0 : eleven_points(match(touched, truths, least), truths)
        );
    }
    return precisions;
}

std::optional<MeanPrecision> mean_precision(
    const BoxesByClass& boxes, const std::vector<double>& overlaps, Matching matching
) {
    MeanPrecision precision{.mean = std::vector<double>(overlaps.size()), .classes = {}};
    for (const auto& [number, of_class] : boxes) {
        if (of_class.truths.empty()) continue;
        precision.classes[number] = average_precisions(of_class, overlaps, matching);
    }
    if (precision.classes.empty()) return std::nullopt;
    for (const auto& [number, of_class] : precision.classes) {
        for (std::size_t i = 0; i < overlaps.size(); ++i) {
            precision.mean[i] += of_class[i] / static_cast<double>(precision.classes.size());
        }
    }
    return precision;
}

}  // namespace xorch::heatmap
