#include "jobs/anomaly/score/scored_task.h"

#include <gtest/gtest.h>

#include "core/statistics/ranks.h"
#include "tests/jobs/anomaly/simple_maps.h"

namespace xorch::anomaly {
namespace {

const std::vector<ScoreMode> all_modes(std::begin(score_modes), std::end(score_modes));

// By average ranks, over all pixels.
double slow_area(const TaskMaps& maps, const std::vector<Plane>& pixels) {
    std::vector<double> sides[2];
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        for (std::size_t at = 0; at < pixels[i].values.size(); ++at) {
            sides[maps.images[i].mask.values[at]].push_back(pixels[i].values[at]);
        }
    }
    return 100 * auroc(sides[1], sides[0]).value();
}

ScoringSettings small() {
    return {
        .pixels = {.resolution = 20, .sigma = 1}
    };
}

TEST(AnomalyScores, OfPixelsEqualASlowReferenceInEveryMode) {
    const TaskMaps maps = simple_maps(1);
    const TaskReport report = score_pixels(maps, small(), all_modes);
    for (const ScoreMode mode : all_modes) {
        std::vector<Plane> pixels;
        for (const ImageScores& image : maps.images) {
            const Plane semantic = to_pixels(image.semantic_map, small().pixels);
            const Plane memory = to_pixels(image.memory_map, small().pixels);
            Plane& fused = pixels.emplace_back(image.semantic_map);
            if (mode == ScoreMode::oracle) {
                fused = semantic;
                fused.values = fuse_by_truth({semantic.values, memory.values}, image.mask.values);
                continue;
            }
            fused.values = fuse(mode, {image.semantic_map.values, image.memory_map.values});
            fused = to_pixels(fused, small().pixels);
        }
        const ModeReport& found = report.modes[static_cast<std::size_t>(mode)];
        EXPECT_NEAR(*found.area, slow_area(maps, pixels), 1e-9) << score_mode_name(mode);
    }
    EXPECT_EQ(report.branches.semantic, report.modes[0].area);
    EXPECT_EQ(report.branches.memory, report.modes[1].area);
}

TEST(AnomalyScores, OfImagesTakeTheGreatestPatchOrTheGreatestPixel) {
    TaskMaps maps = simple_maps(2, {.images = 2, .side = 4, .resolution = 8});
    maps.images[0].memory_map = Plane(4, 4);
    maps.images[0].memory_map.at(1, 1) = 0.8F;
    maps.images[1].memory_map = Plane(4, 4, 0.7F);
    const PixelMaps pixels{.resolution = 8, .sigma = 4};
    EXPECT_EQ(memory_of_image(maps.images[0], MemoryReduction::patch, pixels), 0.8F);
    // No pixel lies on the centre of a patch.
    EXPECT_FLOAT_EQ(
        memory_of_image(maps.images[0], MemoryReduction::map, pixels), 0.8F * 0.75F * 0.75F
    );
    const auto area = [&](MemoryReduction how) {
        return score_images(maps, {.memory = how, .pixels = pixels}, {ScoreMode::memory});
    };
    EXPECT_EQ(area(MemoryReduction::patch).modes[0].area, 0.0);
    EXPECT_EQ(area(MemoryReduction::map).modes[0].area, 100.0);
    EXPECT_EQ(area(MemoryReduction::map).branches.memory, 100.0);
}

TEST(AnomalyScores, AModeThatIsAnotherOneHasItsHash) {
    const TaskMaps maps = simple_maps(3);
    ScoringSettings settings = small();
    const auto hash = [&](ScoreMode mode) {
        return score_pixels(maps, settings, {mode}).modes[0].score_hash;
    };
    EXPECT_NE(hash(ScoreMode::oracle), hash(ScoreMode::max));
    settings.oracle = OracleKind::max_alias;
    EXPECT_EQ(hash(ScoreMode::oracle), hash(ScoreMode::max));
    EXPECT_NE(hash(ScoreMode::semantic), hash(ScoreMode::max));
}

TEST(AnomalyScores, OnScalesApartMaxIsOneBranchUntilTheyAreCalibrated) {
    TaskMaps maps = simple_maps(4);
    for (ImageScores& image : maps.images) {
        for (float& score : image.memory_map.values) {
            score *= 1e-3F;
        }
        for (float& score : image.semantic_map.values) {
            score += 0.4F;
        }
    }
    ScoringSettings settings = small();
    TaskReport report = score_pixels(maps, settings, all_modes);
    EXPECT_EQ(report.branches.semantic_share, 1);
    EXPECT_EQ(report.modes[2].score_hash, report.modes[0].score_hash);
    for (const Calibration each : {Calibration::zscore, Calibration::rank}) {
        settings.calibration = each;
        report = score_pixels(maps, settings, all_modes);
        EXPECT_NEAR(report.branches.semantic_share, 0.5, 0.2);
        EXPECT_NE(report.modes[2].score_hash, report.modes[0].score_hash);
    }
}

TEST(AnomalyScores, OfOneSideOnlyHaveNoArea) {
    const TaskMaps maps = simple_maps(5, {.images = 1});
    const TaskReport pixels = score_pixels(maps, small(), {ScoreMode::max});
    EXPECT_FALSE(pixels.modes[0].area);
    EXPECT_FALSE(pixels.branches.semantic);
    EXPECT_FALSE(score_images(maps, {}, {ScoreMode::max}).modes[0].area);
}

TEST(AnomalyScores, AreTheSameWhicheverModesAreAskedFor) {
    const TaskMaps maps = simple_maps(6);
    const TaskReport all = score_images(maps, {}, all_modes);
    for (const ScoreMode mode : all_modes) {
        const TaskReport one = score_images(maps, {}, {mode});
        EXPECT_EQ(one.modes[0].score_hash, all.modes[static_cast<std::size_t>(mode)].score_hash);
        EXPECT_EQ(one.branches.semantic, all.branches.semantic);
    }
}

}  // namespace
}  // namespace xorch::anomaly
