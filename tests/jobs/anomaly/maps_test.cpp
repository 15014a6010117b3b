// From patches to pixels: goldens, and a slow reference on random maps.

#include "jobs/anomaly/score/maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "jobs/anomaly/score/fusion.h"

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

constexpr float tolerance = 1e-6F;

Plane plane_of(int height, int width, std::vector<float> values) {
    Plane plane(height, width);
    plane.values = std::move(values);
    return plane;
}

std::vector<float> row_of(const Plane& plane, int y) {
    const auto begin = plane.values.begin() + static_cast<std::ptrdiff_t>(plane.index(y, 0));
    return {begin, begin + plane.width};
}

// One pixel after the other, as the definition says.
Plane slowly_enlarged(const Plane& map, int side) {
    Plane large(side, side);
    const double step = static_cast<double>(map.height) / side;
    const auto at = [&](int y, int x) {
        return map.at(std::clamp(y, 0, map.height - 1), std::clamp(x, 0, map.width - 1));
    };
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const double from_y = (y + 0.5) * step - 0.5;
            const double from_x = (x + 0.5) * step - 0.5;
            const int top = static_cast<int>(std::floor(from_y));
            const int left = static_cast<int>(std::floor(from_x));
            const double down = from_y - top;
            const double along = from_x - left;
            large.at(y, x) = static_cast<float>(
                (1 - down) * ((1 - along) * at(top, left) + along * at(top, left + 1)) +
                down * ((1 - along) * at(top + 1, left) + along * at(top + 1, left + 1))
            );
        }
    }
    return large;
}

// The border reflects: -1 is 0, -2 is 1.
int reflected(int at, int length) {
    while (at < 0 || at >= length) {
        at = at < 0 ? -1 - at : 2 * length - 1 - at;
    }
    return at;
}

Plane slowly_blurred(const Plane& map, double sigma) {
    const int radius = static_cast<int>(4 * sigma + 0.5);
    double sum = 0;
    for (int d = -radius; d <= radius; ++d) {
        sum += std::exp(-d * d / (2 * sigma * sigma));
    }
    Plane blurred(map.height, map.width);
    for (int y = 0; y < map.height; ++y) {
        for (int x = 0; x < map.width; ++x) {
            double value = 0;
            for (int dy = -radius; dy <= radius; ++dy) {
                for (int dx = -radius; dx <= radius; ++dx) {
                    const double weight = std::exp(-(dy * dy + dx * dx) / (2 * sigma * sigma));
                    value += weight *
                             map.at(reflected(y + dy, map.height), reflected(x + dx, map.width));
                }
            }
            blurred.at(y, x) = static_cast<float>(value / (sum * sum));
        }
    }
    return blurred;
}

Plane random_map(std::mt19937& random, int side) {
    Plane map(side, side);
    for (float& value : map.values) {
        value = static_cast<float>(random() % 1000) / 1000;
    }
    return map;
}

TEST(AnomalyMaps, G26FusingAndEnlargingDoNotCommute) {
    const Plane semantic = plane_of(1, 2, {1, 0});
    const Plane memory = plane_of(1, 2, {0, 1});
    const std::vector<float> fused = fuse(ScoreMode::max, {semantic.values, memory.values});
    EXPECT_EQ(row_of(enlarge(plane_of(1, 2, fused), 4), 0), (std::vector<float>{1, 1, 1, 1}));
    const std::vector<float> first = row_of(enlarge(semantic, 4), 0);
    const std::vector<float> second = row_of(enlarge(memory, 4), 0);
    EXPECT_EQ(fuse(ScoreMode::max, {first, second}), (std::vector<float>{1, 0.75F, 0.75F, 1}));
}

TEST(AnomalyMaps, G27EnlargesBetweenTheCentresOfPixels) {
    const Plane large = enlarge(plane_of(2, 2, {0, 1, 2, 3}), 4);
    EXPECT_THAT(row_of(large, 0), ElementsAre(0, 0.25F, 0.75F, 1));
    EXPECT_THAT(row_of(large, 1), ElementsAre(0.5F, 0.75F, 1.25F, 1.5F));
}

TEST(AnomalyMaps, G28BlursAnImpulse) {
    Plane impulse(64, 64);
    impulse.at(32, 32) = 1;
    const Plane blurred = blur(impulse, 4);
    EXPECT_NEAR(blurred.at(32, 32), 0.009947888, tolerance);
    EXPECT_NEAR(blurred.at(32, 33), 0.009641824, tolerance);
    EXPECT_NEAR(blurred.at(32, 48), 3.337145e-6, 1e-9);
    EXPECT_EQ(blurred.at(32, 49), 0);
    Plane corner(4, 4);
    corner.at(0, 0) = 1;
    const std::vector<float> row{0.410772F, 0.189687F, 0.037444F, 0.003012F};
    EXPECT_THAT(row_of(blur(corner, 1), 0), Pointwise(FloatNear(tolerance), row));
}

TEST(AnomalyMaps, EqualASlowReferenceOnRandomMaps) {
    std::mt19937 random(7);
    for (const int side : {3, 15}) {
        const Plane map = random_map(random, side);
        const Plane large = enlarge(map, 40);
        EXPECT_THAT(large.values, Pointwise(FloatNear(2e-6F), slowly_enlarged(map, 40).values));
        for (const double sigma : {1.0, 2.6, 4.0}) {
            EXPECT_THAT(
                blur(large, sigma).values,
                Pointwise(FloatNear(2e-6F), slowly_blurred(large, sigma).values)
            );
        }
    }
}

TEST(AnomalyMaps, WithoutASigmaAreOnlyEnlarged) {
    std::mt19937 random(8);
    const Plane map = random_map(random, 4);
    EXPECT_EQ(to_pixels(map, {.resolution = 12, .sigma = 0}), enlarge(map, 12));
    EXPECT_EQ(to_pixels(map, {.resolution = 12, .sigma = 1}), blur(enlarge(map, 12), 1));
}

}  // namespace
}  // namespace xorch::anomaly
