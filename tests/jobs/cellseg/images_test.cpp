#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/images/crop.h"
#include "jobs/cellseg/images/panel.h"
#include "jobs/cellseg/images/tiling.h"
#include "tests/jobs/cellseg/drawings.h"

namespace xorch::cellseg {
namespace {

struct Crop {
    int size;
    std::vector<float> image;
    std::vector<float> target;

    float target_at(int channel, int y, int x) const {
        return target[static_cast<std::size_t>((channel * size + y) * size + x)];
    }
};

Crop cut(const TrainingImage& source, const CropTransform& transform, int size) {
    const auto floats = static_cast<std::size_t>(3 * size * size);
    Crop crop{size, std::vector<float>(floats), std::vector<float>(floats)};
    cut_crop(source, transform, {crop.image.data(), crop.target.data(), size});
    return crop;
}

TrainingImage ellipse_image(int side) {
    TrainingImage image;
    image.labels = Labels(side, side);
    for (Plane& channel : image.channels) {
        channel = Plane(side, side);
    }
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const double down = (y - side / 2.0 - 4.0) / 11.0;
            const double along = (x - side / 2.0 + 3.0) / 18.0;
            if (down * down + along * along <= 1.0) image.labels.at(y, x) = 1;
            image.channels[0].at(y, x) = static_cast<float>(y * side + x);
        }
    }
    image.flow = flow_targets(image.labels);
    return image;
}

TEST(CellsegCrop, WithoutATransformIsTheMiddleOfTheImage) {
    const TrainingImage image = ellipse_image(32);
    const Crop crop = cut(image, {}, 16);
    for (int y = 0; y < 16; ++y) {
        for (int x = 0; x < 16; ++x) {
            const auto pixel = static_cast<std::size_t>(y * 16 + x);
            ASSERT_EQ(crop.image[pixel], image.channels[0].at(y + 8, x + 8));
            ASSERT_EQ(crop.target_at(0, y, x), image.labels.at(y + 8, x + 8) > 0 ? 1.0F : 0.0F);
            ASSERT_EQ(crop.target_at(1, y, x), image.flow.y.at(y + 8, x + 8));
            ASSERT_EQ(crop.target_at(2, y, x), image.flow.x.at(y + 8, x + 8));
        }
    }
}

TEST(CellsegCrop, TurnsTheImageByTheAngle) {
    const TrainingImage image = ellipse_image(17);
    const Crop crop = cut(image, {.angle = std::numbers::pi / 2.0}, 17);
    // Unit x goes to unit y, unit y to minus unit x.
    for (int y = 0; y < 17; ++y) {
        for (int x = 0; x < 17; ++x) {
            const auto pixel = static_cast<std::size_t>(x * 17 + (16 - y));
            ASSERT_NEAR(crop.image[pixel], image.channels[0].at(y, x), 1e-2);
        }
    }
}

TEST(CellsegCrop, IsZeroOutsideOfASmallImage) {
    TrainingImage image = ellipse_image(8);
    std::fill(image.channels[0].values.begin(), image.channels[0].values.end(), 1.0F);
    const Crop crop = cut(image, {}, 16);
    double sum = 0.0;
    for (std::size_t i = 0; i < 256; ++i) {
        sum += crop.image[i];
    }
    EXPECT_EQ(sum, 64.0);
}

// The shift moves the crop by at most the play that there is.
TEST(CellsegCrop, ReachesTheCornersOfTheImageAndNotBeyond) {
    const TrainingImage image = ellipse_image(32);
    const Crop first = cut(image, {.shift_y = 1.0, .shift_x = 1.0}, 16);
    EXPECT_EQ(first.image[0], image.channels[0].at(0, 0));
    const Crop last = cut(image, {.shift_y = -1.0, .shift_x = -1.0}, 16);
    EXPECT_EQ(last.image[255], image.channels[0].at(31, 31));
}

TEST(CellsegCrop, FlowsOfTheTurnedCellAreTheTurnedFlows) {
    const TrainingImage image = ellipse_image(64);
    for (int round = 0; round < 16; ++round) {
        const CropTransform transform{
            .flip = round % 2 == 1, .angle = 0.4 * round, .scale = 0.8 + 0.05 * (round % 8)};
        const Crop crop = cut(image, transform, 64);
        Labels turned(64, 64);
        for (std::size_t i = 0; i < turned.values.size(); ++i) {
            turned.values[i] = crop.target[i] > 0.5F ? 1 : 0;
        }
        const FlowField expected = flow_targets(turned);
        double cosine = 0.0;
        int pixels = 0;
        for (int y = 1; y < 63; ++y) {
            for (int x = 1; x < 63; ++x) {
                if (turned.at(y, x) == 0) continue;
                const double down = crop.target_at(1, y, x);
                const double along = crop.target_at(2, y, x);
                const double length = std::hypot(down, along);
                if (length < 0.5) continue;  // the centre, where directions meet
                cosine += (down * expected.y.at(y, x) + along * expected.x.at(y, x)) / length;
                ++pixels;
            }
        }
        ASSERT_GT(pixels, 200);
        EXPECT_GT(cosine / pixels, 0.95) << "round " << round;
    }
}

TEST(CellsegTiling, TilesCoverTheImageAndOverlap) {
    EXPECT_EQ(tile_starts(200, 256), std::vector<int>({0}));
    EXPECT_EQ(tile_starts(256, 256), std::vector<int>({0}));
    EXPECT_EQ(tile_starts(520, 256), std::vector<int>({0, 132, 264}));
    for (int length = 257; length < 1200; length += 7) {
        const std::vector<int> starts = tile_starts(length, 256);
        ASSERT_EQ(starts.front(), 0);
        ASSERT_EQ(starts.back(), length - 256);
        for (std::size_t i = 1; i < starts.size(); ++i) {
            ASSERT_LT(starts[i] - starts[i - 1], 256);
        }
    }
}

TEST(CellsegTiling, TheTaperFallsFromTheMiddleToTheEdgesAndIsSymmetric) {
    const Plane weights = taper(256, 256);
    EXPECT_GT(weights.at(128, 128), 0.99F);
    EXPECT_NEAR(weights.at(128, 20), 0.5F, 0.02F);
    EXPECT_LT(weights.at(0, 128), 0.1F);
    EXPECT_GT(weights.at(0, 0), 0.0F);
    for (int x = 0; x < 256; ++x) {
        ASSERT_EQ(weights.at(7, x), weights.at(7, 255 - x));
        ASSERT_EQ(weights.at(7, x), weights.at(x, 7));
    }
}

TEST(CellsegPanel, ColoursFoundMissedAndWrongCells) {
    const Labels truth = draw({"111.22", "111.22", "111.22", "......", "......", "......"});
    const Labels predicted = draw({"111...", "111...", "111...", "......", "....22", "....22"});
    Channels channels{Plane(6, 6), Plane(6, 6), Plane(6, 6)};
    const Picture panel = draw_panel(channels, truth, predicted);
    ASSERT_EQ(panel.height, 510);
    ASSERT_EQ(panel.width, 3 * 510 + 8);
    const Colour green{.red = 60, .green = 230, .blue = 60};
    EXPECT_EQ(panel.at(0, 0), Colour{});
    EXPECT_EQ(panel.at(0, 514), green);
    EXPECT_EQ(panel.at(0, 514 + 340), (Colour{.red = 255, .green = 165, .blue = 0}));
    EXPECT_EQ(panel.at(0, 1028), green);
    EXPECT_EQ(panel.at(509, 1028 + 509), (Colour{.red = 255, .green = 50, .blue = 50}));
}

TEST(CellsegNormalise, KnowsBrightGround) {
    Plane dark(10, 10, 0.1F);
    dark.at(3, 3) = 1.0F;
    dark.at(3, 4) = 1.0F;
    EXPECT_FALSE(has_bright_ground(dark));
    Plane bright(10, 10, 0.9F);
    bright.at(3, 3) = 0.0F;
    bright.at(3, 4) = 0.0F;
    EXPECT_TRUE(has_bright_ground(bright));
}

TEST(CellsegNormalise, AnEmptyChannelStaysEmpty) {
    EXPECT_EQ(normalise(Plane(4, 4, 0.7F)), Plane(4, 4));
}

}  // namespace
}  // namespace xorch::cellseg
