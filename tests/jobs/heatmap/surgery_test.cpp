// Surgery against its published steps, and what it may not change.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "jobs/heatmap/maps/gaps.h"
#include "jobs/heatmap/maps/heat_map.h"
#include "jobs/random/random_stream.h"

namespace xorch::heatmap {
namespace {

Tokens random_tokens(RandomStream& random, int grid, int width) {
    Tokens tokens{.grid = grid, .width = width, .values = {}};
    for (int i = 0; i < (1 + grid * grid) * width; ++i) {
        tokens.values.push_back(static_cast<float>(2 + random.normal()));
    }
    return tokens;
}

TextFeatures random_texts(RandomStream& random, int classes, int width) {
    TextFeatures texts{.classes = {}, .width = width, .values = {}};
    for (int i = 0; i < classes; ++i) {
        texts.classes.push_back(i);
    }
    for (int i = 0; i < classes * width; ++i) {
        texts.values.push_back(static_cast<float>(random.normal()));
    }
    return texts;
}

std::vector<double> unit_vector(std::span<const float> values) {
    double length = 0;
    for (const float value : values) {
        length += static_cast<double>(value) * value;
    }
    std::vector<double> unit;
    for (const float value : values) {
        unit.push_back(value / std::sqrt(length));
    }
    return unit;
}

// By its published steps: the whole array of products, then its mean over the classes away.
TEST(HeatmapReference, ClassRedundancyIsThatOfTheWholeArray) {
    RandomStream random(9, "redundancy");
    const Tokens tokens = random_tokens(random, 3, 5);
    const TextFeatures texts = random_texts(random, 4, 5);
    const std::vector<double> image = unit_vector(tokens.image());
    std::vector<double> weights;
    double sum = 0;
    for (std::size_t c = 0; c < 4; ++c) {
        const auto text = unit_vector(texts.row(c));
        double product = 0;
        for (std::size_t k = 0; k < 5; ++k) {
            product += image[k] * text[k];
        }
        weights.push_back(std::exp(2 * product));
        sum += weights.back();
    }
    for (double& weight : weights) {
        weight /= sum;
    }
    for (double& weight : weights) {
        weight /= 0.25;  // the mean of a softmax over four
    }
    for (std::size_t place = 0; place < 4; ++place) {
        const auto similarity =
            compare_patches(tokens, texts, place, {.surgery = Surgery::class_redundancy});
        for (int patch = 0; patch < 9; ++patch) {
            const auto own = unit_vector(tokens.patch(patch));
            double expected = 0;
            for (std::size_t k = 0; k < 5; ++k) {
                double mean = 0;
                double wanted = 0;
                for (std::size_t c = 0; c < 4; ++c) {
                    const double product = own[k] * unit_vector(texts.row(c))[k] * weights[c];
                    mean += product / 4;
                    if (c == place) wanted = product;
                }
                expected += wanted - mean;
            }
            EXPECT_NEAR(similarity.map.values[static_cast<std::size_t>(patch)], expected, 1e-6);
        }
    }
}

// T16: what an ablation that is not applied computes is the same to the last bit.
TEST(HeatmapSurgery, ThatIsNotAppliedHasTheFeaturesOfNone) {
    RandomStream random(10, "noop");
    const Tokens tokens = random_tokens(random, 7, 8);
    const TextFeatures texts = random_texts(random, 3, 8);
    const auto none = compare_patches(tokens, texts, 1, {});
    for (const Surgery surgery : {Surgery::patch_mean, Surgery::class_redundancy}) {
        const auto left_out =
            compare_patches(tokens, texts, 1, {.surgery = surgery, .is_applied = false});
        EXPECT_EQ(left_out.features, none.features);
        EXPECT_EQ(left_out.map, none.map);
        EXPECT_NE(compare_patches(tokens, texts, 1, {.surgery = surgery}).features, none.features);
    }
}

// Without normalisation centring adds one number to a whole map: no mask changes.
TEST(HeatmapSurgery, OfUnnormalisedPatchesMovesNoPixelOverAThreshold) {
    RandomStream random(11, "shift");
    const Tokens tokens = random_tokens(random, 7, 8);
    const TextFeatures texts = random_texts(random, 3, 8);
    const HeatMap before = spread(compare_patches(tokens, texts, 0, {.is_cosine = false}).map);
    const HeatMap after = spread(
        compare_patches(tokens, texts, 0, {.surgery = Surgery::patch_mean, .is_cosine = false}).map
    );
    const double shift = after.at(0, 0) - before.at(0, 0);
    EXPECT_GT(std::abs(shift), 1e-3);
    for (std::size_t i = 0; i < before.values.size(); ++i) {
        EXPECT_NEAR(after.values[i] - before.values[i], shift, 1e-9);
    }
}

TEST(HeatmapGaps, APatchIsInsideIfItsCentreIsInABoxOrOnItsEdge) {
    // Centres of a 7 x 7 grid are at 16, 48, 80, ...
    const auto inside = patches_inside(
        7,
        {
            {16, 48, 80, 60}
    }
    );
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (inside[i]) found.push_back(i);
    }
    EXPECT_THAT(found, testing::ElementsAre(7, 8, 9));
    const auto none = patches_inside(
        7,
        {
            {17, 49, 47, 79}
    }
    );
    EXPECT_EQ(std::count(none.begin(), none.end(), true), 0);
    EXPECT_FALSE(gap_of(PatchMap(7, 7), none));
    EXPECT_FALSE(gap_of(PatchMap(7, 7), patches_inside(7, {whole_image})));
}

}  // namespace
}  // namespace xorch::heatmap
