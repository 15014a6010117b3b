#include "jobs/anomaly/data/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "jobs/anomaly/data/class_folder.h"
#include "jobs/anomaly/data/class_images.h"
#include "jobs/anomaly/data/known_classes.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

struct Moments {
    double mean = 0;
    double square = 0;
};

// Of the red channel, inside of the mask and outside.
std::array<Moments, 2> moments_of(const Painting& painting) {
    std::array<Moments, 2> sides;
    std::array<double, 2> counts{};
    for (std::size_t i = 0; i < painting.mask.values.size(); ++i) {
        const double value = painting.picture.values[i].red;
        const std::size_t side = painting.mask.values[i];
        sides[side].mean += value;
        sides[side].square += value * value;
        ++counts[side];
    }
    for (std::size_t side = 0; side < 2; ++side) {
        sides[side].mean /= counts[side];
        sides[side].square =
            sides[side].square / counts[side] - sides[side].mean * sides[side].mean;
    }
    return sides;
}

TEST(AnomalySynthetic, HasEveryClassInTheLayoutOfItsDataSet) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_anomalies(folder.path(), 1));
    EXPECT_EQ(known_classes().size(), 27U);
    std::set<std::string> manifests;
    for (const KnownClass& known : known_classes()) {
        const std::string dataset(known.dataset);
        const auto files = list_class(folder.path(), dataset, std::string(known.name));
        ASSERT_TRUE(files) << files.error().message;
        EXPECT_EQ(files->layout, dataset);
        EXPECT_EQ(files->train.size(), 4U);
        EXPECT_EQ(files->test.size(), 20U);
        EXPECT_EQ(
            std::count_if(
                files->test.begin(), files->test.end(), [](const auto& f) { return f.abnormal; }
            ),
            10
        );
        for (const ImageFile& file : files->test) {
            EXPECT_TRUE(load_mask(file, 256)) << file.name;
        }
        EXPECT_TRUE(load_image(files->test[0].path, {.side = 120}));
        manifests.insert(hash_manifest(files->test).value());
    }
    EXPECT_EQ(manifests.size(), 27U);
}

TEST(AnomalySynthetic, OfOneSeedIsAlwaysTheSame) {
    const ClassStyle style = draw_style(RandomStream(1, "style"), false, 2);
    const auto picture = [&](std::uint64_t seed) {
        return paint(style, DefectKind::blob, {seed, "image"}).picture;
    };
    EXPECT_EQ(picture(1), picture(1));
    EXPECT_NE(picture(1), picture(2));
    EXPECT_EQ(paint_auxiliary(1, 7).picture, paint_auxiliary(1, 7).picture);
}

TEST(AnomalySynthetic, DefectsOfSurfacesHaveTheMeanAndContrastOfTheRest) {
    for (int number = 0; number < 20; ++number) {
        const ClassStyle style = draw_style({1, "style", {number}}, true, 1);
        const DefectKind defect = number % 2 == 0 ? DefectKind::turned : DefectKind::scaled;
        const auto [outside, inside] = moments_of(paint(style, defect, {2, "image", {number}}));
        EXPECT_NEAR(inside.mean, outside.mean, 5) << number;
        EXPECT_NEAR(inside.square / outside.square, 1, 0.35) << number;
    }
}

TEST(AnomalySynthetic, DefectsOfPartsStandOut) {
    for (int number = 1; number < 40; number += 2) {
        const Painting painting = paint_auxiliary(3, number);
        EXPECT_GT(std::count(painting.mask.values.begin(), painting.mask.values.end(), 1), 8);
        const Painting normal = paint_auxiliary(3, number - 1);
        EXPECT_EQ(std::count(normal.mask.values.begin(), normal.mask.values.end(), 1), 0);
    }
}

}  // namespace
}  // namespace xorch::anomaly
