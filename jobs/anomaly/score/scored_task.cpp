#include "jobs/anomaly/score/scored_task.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "core/statistics/float_auroc.h"

namespace xorch::anomaly {

namespace {

using Scores = std::vector<float>;
using Truth = std::vector<std::uint8_t>;

std::optional<double> area_of(const Scores& scores, const Truth& truth) {
    Scores positives;
    Scores negatives;
    negatives.reserve(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        (truth[i] != 0 ? positives : negatives).push_back(scores[i]);
    }
    const auto area = float_auroc(std::move(positives), std::move(negatives));
    if (!area) return std::nullopt;
    return 100 * *area;
}

std::string hash_of(const Scores& scores) {
    return hash_text({reinterpret_cast<const char*>(scores.data()), scores.size() * sizeof(float)});
}

ModeReport report_of(const Scores& scores, const Truth& truth) {
    return {.area = area_of(scores, truth), .score_hash = hash_of(scores)};
}

BranchReport report_of(
    Branches branches, const Scores& semantic, const Scores& memory, const Truth& truth
) {
    return {
        .semantic = area_of(semantic, truth),
        .memory = area_of(memory, truth),
        .oracle_semantic_ratio =
            oracle_semantic_share({.semantic = semantic, .memory = memory}, truth),
        .semantic_share = semantic_share(branches)};
}

// All maps of a branch one after the other.
Scores patches_of(const TaskMaps& maps, Plane ImageScores::*branch, Calibration calibration) {
    Scores scores;
    for (const ImageScores& image : maps.images) {
        const Scores& values = (image.*branch).values;
        scores.insert(scores.end(), values.begin(), values.end());
    }
    return calibrate(calibration, scores);
}

Scores pixels_of(const TaskMaps& maps, const Scores& patches, const PixelMaps& how) {
    Scores pixels;
    auto from = patches.begin();
    for (const ImageScores& image : maps.images) {
        Plane map(image.semantic_map.height, image.semantic_map.width);
        std::copy_n(from, map.values.size(), map.values.begin());
        from += static_cast<std::ptrdiff_t>(map.values.size());
        const Plane large = to_pixels(map, how);
        pixels.insert(pixels.end(), large.values.begin(), large.values.end());
    }
    return pixels;
}

}  // namespace

TaskReport score_images(
    const TaskMaps& maps, const ScoringSettings& settings, const std::vector<ScoreMode>& modes
) {
    Scores semantic;
    Scores memory;
    Truth truth;
    for (const ImageScores& image : maps.images) {
        semantic.push_back(image.semantic);
        memory.push_back(memory_of_image(image, settings.memory, settings.pixels));
        truth.push_back(image.abnormal ? 1 : 0);
    }
    semantic = calibrate(settings.calibration, semantic);
    memory = calibrate(settings.calibration, memory);
    const Branches branches{.semantic = semantic, .memory = memory};
    TaskReport report{.branches = report_of(branches, semantic, memory, truth), .modes = {}};
    for (const ScoreMode mode : modes) {
        const Scores fused =
            mode == ScoreMode::oracle ? fuse_by_truth(branches, truth) : fuse(mode, branches);
        report.modes.push_back(report_of(fused, truth));
    }
    return report;
}

TaskReport score_pixels(
    const TaskMaps& maps, const ScoringSettings& settings, const std::vector<ScoreMode>& modes
) {
    const Scores semantic = patches_of(maps, &ImageScores::semantic_map, settings.calibration);
    const Scores memory = patches_of(maps, &ImageScores::memory_map, settings.calibration);
    const Branches branches{.semantic = semantic, .memory = memory};
    const Scores semantic_pixels = pixels_of(maps, semantic, settings.pixels);
    const Scores memory_pixels = pixels_of(maps, memory, settings.pixels);
    const Branches pixel_branches{.semantic = semantic_pixels, .memory = memory_pixels};
    Truth truth;
    for (const ImageScores& image : maps.images) {
        truth.insert(truth.end(), image.mask.values.begin(), image.mask.values.end());
    }
    TaskReport report{
        .branches = report_of(branches, semantic_pixels, memory_pixels, truth), .modes = {}};
    for (const ScoreMode mode : modes) {
        const ScoreMode rule = mode == ScoreMode::oracle && settings.oracle == OracleKind::max_alias
                                   ? ScoreMode::max
                                   : mode;
        switch (rule) {
            case ScoreMode::semantic:
                report.modes.push_back(report_of(semantic_pixels, truth));
                break;
            case ScoreMode::memory:
                report.modes.push_back(report_of(memory_pixels, truth));
                break;
            case ScoreMode::oracle:
                report.modes.push_back(report_of(fuse_by_truth(pixel_branches, truth), truth));
                break;
            case ScoreMode::max:
            case ScoreMode::harmonic:
                report.modes.push_back(
                    report_of(pixels_of(maps, fuse(rule, branches), settings.pixels), truth)
                );
                break;
        }
    }
    return report;
}

float memory_of_image(const ImageScores& image, MemoryReduction how, const PixelMaps& pixels) {
    const Plane map = how == MemoryReduction::patch ? image.memory_map
                                                    : enlarge(image.memory_map, pixels.resolution);
    return *std::max_element(map.values.begin(), map.values.end());
}

}  // namespace xorch::anomaly
