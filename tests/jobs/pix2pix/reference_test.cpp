// Scores against slow programs that follow the definitions word by word, on random planes.

#include <gtest/gtest.h>

#include <cmath>

#include "jobs/pix2pix/scores/pair_scores.h"
#include "jobs/random/random_stream.h"

namespace xorch::pix2pix {
namespace {

Plane random_plane(RandomStream& random, int side) {
    Plane plane(side, side);
    for (float& value : plane.values) {
        value = static_cast<float>(random.uniform(-1, 1));
    }
    return plane;
}

// Convolution of a plane with repeated borders by a kernel of nine.
double convolved(const Plane& plane, const double (&kernel)[3][3], int y, int x) {
    double sum = 0;
    for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
            const int row = std::min(std::max(y + dy, 0), plane.height - 1);
            const int column = std::min(std::max(x + dx, 0), plane.width - 1);
            sum += kernel[dy + 1][dx + 1] * static_cast<double>(plane.at(row, column));
        }
    }
    return sum;
}

constexpr double across[3][3] = {
    {-0.125, 0, 0.125},
    {-0.25,  0, 0.25 },
    {-0.125, 0, 0.125}
};
constexpr double along[3][3] = {
    {-0.125, -0.25, -0.125},
    {0,      0,     0     },
    {0.125,  0.25,  0.125 }
};

TEST(Pix2pixReference, ScoresOfRandomPlanesAreThoseOfTheirDefinitions) {
    for (int trial = 0; trial < 20; ++trial) {
        RandomStream random(3, "planes", {trial});
        const int side = 5 + static_cast<int>(random.below(12));
        const Plane made = random_plane(random, side);
        const Plane truth = random_plane(random, side);
        const Regions regions = regions_of(side);
        const PairScore score = score_pair(made, truth, regions);
        double l1 = 0;
        double square = 0;
        for (std::size_t i = 0; i < made.values.size(); ++i) {
            const double difference =
                static_cast<double>(made.values[i]) - static_cast<double>(truth.values[i]);
            l1 += std::abs(difference) / (side * side);
            square += difference * difference / (side * side);
        }
        EXPECT_NEAR(score.l1, l1, 1e-6);
        EXPECT_NEAR(score.mean_square, square, 1e-6);
        EXPECT_NEAR(score.psnr, 20 * std::log10(2 / std::sqrt(square)), 1e-5);
        for (std::size_t region = 0; region < region_count; ++region) {
            const PixelBox& box = regions[region];
            double distance = 0;
            double edges = 0;
            for (int y = box.top; y < box.bottom; ++y) {
                for (int x = box.left; x < box.right; ++x) {
                    distance += std::abs(
                        static_cast<double>(made.at(y, x)) - static_cast<double>(truth.at(y, x))
                    );
                    edges +=
                        std::abs(convolved(made, across, y, x) - convolved(truth, across, y, x)) +
                        std::abs(convolved(made, along, y, x) - convolved(truth, along, y, x));
                }
            }
            EXPECT_NEAR(score.regions[region].l1, distance / box.area(), 1e-6);
            EXPECT_NEAR(score.regions[region].edge, edges / box.area(), 1e-6);
        }
    }
}

TEST(Pix2pixRegions, BoxesAroundLandmarksKeepTheirSizeAndStayOnTheCanvas) {
    Landmarks landmarks{};
    for (std::size_t i = 0; i < region_count; ++i) {
        const RegionBox& box = default_boxes[i];
        landmarks[2 * i] = {.x = box.left, .y = box.top};
        landmarks[2 * i + 1] = {.x = box.right, .y = box.bottom};
    }
    EXPECT_EQ(regions_around(landmarks, 64), regions_of(64));
    for (Point& point : landmarks) {
        point.x += 0.125;
    }
    EXPECT_EQ(regions_around(landmarks, 64)[0].left, regions_of(64)[0].left + 8);
    for (Point& point : landmarks) {
        point = {.x = 1, .y = 1};
    }
    for (const PixelBox& box : regions_around(landmarks, 64)) {
        EXPECT_GT(box.area(), 0);
        EXPECT_LE(box.right, 64);
        EXPECT_LE(box.bottom, 64);
    }
}

TEST(Pix2pixRegions, ABoxIsFourNumbersInOrder) {
    const auto box = parse_region("0.60,0.44,0.82,0.76");
    ASSERT_TRUE(box) << box.error().message;
    EXPECT_EQ(to_pixels(*box, 64), regions_of(64)[region_ab]);
    for (const char* text :
         {"",
          "0.1,0.2,0.3",
          "0.1,0.2,0.3,0.4,",
          "0.1,0.2,0.3,x",
          "0,0,1,1.5",
          "0.5,0,0.5,1",
          "0.1 0.2 0.3 0.4",
          "nan,0,1,1"}) {
        EXPECT_FALSE(parse_region(text)) << text;
    }
}

TEST(Pix2pixRegions, FixedBoxesArePixelsOfTheCanvas) {
    const Regions regions = regions_of(64);
    EXPECT_EQ(regions[0], (PixelBox{.left = 23, .top = 14, .right = 50, .bottom = 26}));
    EXPECT_EQ(regions[1], (PixelBox{.left = 38, .top = 28, .right = 52, .bottom = 49}));
    EXPECT_EQ(regions[2], (PixelBox{.left = 22, .top = 37, .right = 47, .bottom = 56}));
}

}  // namespace
}  // namespace xorch::pix2pix
