// The same by slow and plain ways, on random input.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/statistics/percentile.h"
#include "jobs/heatmap/detect/average_precision.h"
#include "jobs/heatmap/detect/region_boxes.h"
#include "jobs/random/random_stream.h"

namespace xorch::heatmap {
namespace {

PatchMap random_patches(RandomStream& random, int grid) {
    PatchMap map(grid, grid);
    for (double& value : map.values) {
        value = 0.18 + 0.03 * random.normal();
    }
    return map;
}

HeatMap random_map(RandomStream& random) {
    return spread(random_patches(random, 7));
}

TEST(HeatmapReference, SpreadingIsBilinearBetweenCentres) {
    RandomStream random(1, "spread");
    for (const int grid : {7, 14, 16}) {
        const PatchMap patches = random_patches(random, grid);
        const HeatMap map = spread(patches);
        for (int trial = 0; trial < 500; ++trial) {
            const int y = static_cast<int>(random.below(image_side));
            const int x = static_cast<int>(random.below(image_side));
            const auto place = [grid](int pixel) {
                const double at = (pixel + 0.5) * grid / image_side - 0.5;
                return std::clamp(at, 0.0, grid - 1.0);
            };
            const int top = std::min(static_cast<int>(place(y)), grid - 2);
            const int left = std::min(static_cast<int>(place(x)), grid - 2);
            const double down = place(y) - top;
            const double along = place(x) - left;
            const double expected = (1 - down) * ((1 - along) * patches.at(top, left) +
                                                  along * patches.at(top, left + 1)) +
                                    down * ((1 - along) * patches.at(top + 1, left) +
                                            along * patches.at(top + 1, left + 1));
            EXPECT_NEAR(map.at(y, x), expected, 1e-7) << grid << " " << y << " " << x;
        }
    }
}

TEST(HeatmapReference, EveryThresholdIsThatOfASortOfItsOwn) {
    RandomStream random(2, "thresholds");
    for (const std::size_t size : {1U, 2U, 10U, 49U, 1000U}) {
        std::vector<double> values(size);
        for (double& value : values) {
            value = std::round(10 * random.normal());  // many equal ones
        }
        std::vector<double> turned = values;
        for (double& value : turned) {
            value = -value;
        }
        const Thresholds thresholds(values);
        std::vector<double> descending = values;
        std::sort(descending.rbegin(), descending.rend());
        for (int percent = 0; percent <= 100; ++percent) {
            EXPECT_NEAR(thresholds.percentile(percent), percentile(values, percent / 100.0), 1e-9);
            EXPECT_NEAR(
                thresholds.inverted_percentile(percent), percentile(turned, percent / 100.0), 1e-9
            );
            const std::size_t kept =
                std::max<std::size_t>(1, size * static_cast<std::size_t>(100 - percent) / 100);
            EXPECT_EQ(thresholds.top(percent), descending[kept - 1]) << size << " " << percent;
        }
    }
}

// T19: scaling from 0 to 1 moves no pixel in or out, at any threshold, in either direction.
TEST(HeatmapReference, ScalingAMapChangesNoMaskOfAnyPercentile) {
    RandomStream random(3, "scaling");
    for (int trial = 0; trial < 5; ++trial) {
        const HeatMap raw = random_map(random);
        const HeatMap scaled = min_max(raw);
        const Thresholds of_raw(raw.values);
        const Thresholds of_scaled(scaled.values);
        for (int percent = 0; percent <= 100; percent += 5) {
            EXPECT_EQ(
                apply_threshold(raw, {.threshold = of_raw.percentile(percent)}),
                apply_threshold(scaled, {.threshold = of_scaled.percentile(percent)})
            ) << percent;
            EXPECT_EQ(
                apply_threshold(inverted(raw), {.threshold = of_raw.inverted_percentile(percent)}),
                apply_threshold(
                    inverted(scaled), {.threshold = of_scaled.inverted_percentile(percent)}
                )
            ) << percent;
        }
    }
}

// T19: the greatest 25 % are what lies above the 75th percentile.
TEST(HeatmapReference, TopShareAndPercentileMakeTheSameMaskWhereNoValuesAreEqual) {
    RandomStream random(4, "top");
    HeatMap map(40, 50);
    for (double& value : map.values) {
        value = random.normal();
    }
    const Thresholds thresholds(map.values);
    for (int percent = 1; percent <= 100; ++percent) {
        EXPECT_EQ(
            apply_threshold(map, {.threshold = thresholds.percentile(percent)}),
            apply_threshold(map, {.threshold = thresholds.top(percent)})
        ) << percent;
    }
}

using Flags = std::vector<std::vector<bool>>;

// Grows or shrinks by one shape; outside of the image nothing is asked.
Flags morph(const Flags& mask, const std::vector<std::pair<int, int>>& shape, bool grows) {
    const int height = static_cast<int>(mask.size());
    const int width = static_cast<int>(mask[0].size());
    Flags result(mask.size(), std::vector<bool>(mask[0].size(), !grows));
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (const auto& [dy, dx] : shape) {
                const int row = y + dy;
                const int column = x + dx;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const bool value =
                    mask[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
                if (value == grows) {
                    result[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = grows;
                }
            }
        }
    }
    return result;
}

void flood(Flags& mask, int y, int x, Box& box) {
    const int height = static_cast<int>(mask.size());
    const int width = static_cast<int>(mask[0].size());
    if (y < 0 || y >= height || x < 0 || x >= width) return;
    if (!mask[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)]) return;
    mask[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = false;
    box = {
        std::min<double>(box.left, x),
        std::min<double>(box.top, y),
        std::max<double>(box.right, x + 1),
        std::max<double>(box.bottom, y + 1)};
    for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
            flood(mask, y + dy, x + dx, box);
        }
    }
}

std::vector<Box> slow_boxes(const PixelMask& mask, bool ellipse, int least_side) {
    const char* const ellipse_rows[] = {"00100", "11111", "11111", "11111", "00100"};
    std::vector<std::pair<int, int>> shape;
    for (int dy = -2; dy <= 2; ++dy) {
        for (int dx = -2; dx <= 2; ++dx) {
            const bool in_square = std::max(std::abs(dy), std::abs(dx)) <= 1;
            if (ellipse ? ellipse_rows[dy + 2][dx + 2] == '1' : in_square)
                shape.push_back({dy, dx});
        }
    }
    Flags flags;
    for (int y = 0; y < mask.height; ++y) {
        std::vector<bool>& row = flags.emplace_back();
        for (int x = 0; x < mask.width; ++x) {
            row.push_back(mask.at(y, x) != 0);
        }
    }
    flags = morph(morph(flags, shape, true), shape, false);
    flags = morph(morph(flags, shape, false), shape, true);
    std::vector<Box> boxes;
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            Box box{1e9, 1e9, 0, 0};
            flood(flags, y, x, box);
            if (std::min(box.right - box.left, box.bottom - box.top) >= least_side) {
                boxes.push_back(box);
            }
        }
    }
    std::sort(boxes.begin(), boxes.end(), [](const Box& left, const Box& right) {
        return std::tie(left.top, left.left, left.bottom, left.right) <
               std::tie(right.top, right.left, right.bottom, right.right);
    });
    return boxes;
}

TEST(HeatmapReference, BoxesAreThoseOfClosedAndOpenedRegions) {
    RandomStream random(5, "regions");
    std::size_t found = 0;
    for (int trial = 0; trial < 40; ++trial) {
        PixelMask mask(48 + trial, 60);
        for (int spot = 0; spot < 12; ++spot) {
            const int top = static_cast<int>(random.below(static_cast<std::uint64_t>(mask.height)));
            const int left = static_cast<int>(random.below(60));
            const int side = static_cast<int>(random.below(16));
            for (int y = top; y < std::min(mask.height, top + side); ++y) {
                for (int x = left; x < std::min(60, left + side); ++x) {
                    mask.at(y, x) = random.chance(0.9) ? 255 : 0;
                }
            }
        }
        for (const bool ellipse : {true, false}) {
            const auto boxes = boxes_around(
                mask, {.kernel = ellipse ? Kernel::ellipse5 : Kernel::square3, .least_side = 6}
            );
            EXPECT_EQ(boxes, slow_boxes(mask, ellipse, 6)) << trial;
            found += boxes.size();
        }
    }
    EXPECT_GT(found, 100U);
}

TEST(HeatmapBoxes, OfContoursAreThoseOfComponentsThatLieInNoHole) {
    PixelMask mask(60, 60);
    const auto fill = [&](int from, int to, std::uint8_t value) {
        for (int y = from; y < to; ++y) {
            for (int x = from; x < to; ++x) {
                mask.at(y, x) = value;
            }
        }
    };
    fill(6, 54, 255);
    fill(12, 48, 0);
    fill(20, 40, 255);
    EXPECT_EQ(
        boxes_around(
            mask,
            {
                .regions = Regions::components
    }
        ),
        (std::vector<Box>{{6, 6, 54, 54}, {20, 20, 40, 40}})
    );
    EXPECT_EQ(
        boxes_around(
            mask,
            {
                .regions = Regions::contours
    }
        ),
        (std::vector<Box>{{6, 6, 54, 54}})
    );
}

TEST(HeatmapBoxes, FallBackToTheExtentOfTheMaskWhereThatIsAskedFor) {
    PixelMask mask(40, 40);
    mask.at(3, 5) = 255;
    mask.at(30, 21) = 255;
    EXPECT_TRUE(boxes_around(mask, {}).empty());
    EXPECT_EQ(
        boxes_around(
            mask,
            {
                .falls_back = true
    }
        ),
        (std::vector<Box>{{5, 3, 22, 31}})
    );
    EXPECT_TRUE(boxes_around(PixelMask(40, 40), {.falls_back = true}).empty());
}

TEST(HeatmapBoxes, AreScoredByTheirMean) {
    HeatMap map(4, 4);
    map.at(1, 1) = 1;
    map.at(2, 2) = 3;
    EXPECT_EQ(mean_inside(map, {1, 1, 3, 3}), 1);
    EXPECT_EQ(mean_inside(map, {0, 0, 4, 4}), 0.25);
}

Box random_box(RandomStream& random) {
    const double left = std::floor(random.uniform(0, 60));
    const double top = std::floor(random.uniform(0, 60));
    return {
        left,
        top,
        left + 1 + std::floor(random.uniform(0, 40)),
        top + 1 + std::floor(random.uniform(0, 40))};
}

// By the definition, one threshold at a time, everything from the start.
double slow_precision(ClassBoxes boxes, double least, bool pooled) {
    std::stable_sort(
        boxes.detections.begin(),
        boxes.detections.end(),
        [](const Detection& left, const Detection& right) { return left.score > right.score; }
    );
    std::vector<bool> taken(boxes.truths.size(), false);
    std::vector<std::pair<double, double>> curve;  // recall, precision
    double hits = 0;
    for (std::size_t i = 0; i < boxes.detections.size(); ++i) {
        const Detection& detection = boxes.detections[i];
        double best = 0;
        std::size_t chosen = 0;
        for (std::size_t t = 0; t < boxes.truths.size(); ++t) {
            if (taken[t] || (!pooled && boxes.truths[t].image != detection.image)) continue;
            const double shared = overlap(detection.box, boxes.truths[t].box);
            if (shared > best) {
                best = shared;
                chosen = t;
            }
        }
        if (best > 0 && best >= least) {
            taken[chosen] = true;
            ++hits;
        }
        curve.emplace_back(
            hits / static_cast<double>(boxes.truths.size()),
            hits / (static_cast<double>(i + 1) + 1e-8)
        );
    }
    double sum = 0;
    for (int point = 0; point <= 10; ++point) {
        double most = 0;
        for (const auto& [recall, precision] : curve) {
            if (recall >= point / 10.0 - 1e-12) most = std::max(most, precision);
        }
        sum += most / 11;
    }
    return sum;
}

TEST(HeatmapReference, AveragePrecisionIsThatOfTheDefinition) {
    RandomStream random(6, "precision");
    const std::vector<double> overlaps{0.05, 0.1, 0.2, 0.5};
    double seen = 0;
    for (int trial = 0; trial < 200; ++trial) {
        ClassBoxes boxes;
        for (std::uint64_t i = 1 + random.below(12); i > 0; --i) {
            boxes.truths.push_back({static_cast<int>(random.below(4)), random_box(random)});
        }
        for (std::uint64_t i = random.below(25); i > 0; --i) {
            boxes.detections.push_back(
                {.image = static_cast<int>(random.below(4)),
                 .box = random_box(random),
                 .score = std::round(random.uniform(0, 9))}  // many equal ones
            );
        }
        for (const bool pooled : {false, true}) {
            const auto fast = average_precisions(
                boxes, overlaps, pooled ? Matching::pooled : Matching::per_image
            );
            for (std::size_t i = 0; i < overlaps.size(); ++i) {
                EXPECT_NEAR(fast[i], slow_precision(boxes, overlaps[i], pooled), 1e-9) << trial;
                seen += fast[i];
            }
        }
    }
    EXPECT_GT(seen, 100);
}

// T17: matched in its own image, a box never finds more than in the pool of all.
TEST(HeatmapReference, PoolingNeverFindsLess) {
    RandomStream random(7, "pooling");
    int more = 0;
    for (int trial = 0; trial < 100; ++trial) {
        ClassBoxes boxes;
        for (int image = 0; image < 6; ++image) {
            boxes.truths.push_back({image, random_box(random)});
            boxes.detections.push_back({image, random_box(random), random.uniform()});
        }
        const double own = average_precisions(boxes, {0.2}, Matching::per_image)[0];
        const double pooled = average_precisions(boxes, {0.2}, Matching::pooled)[0];
        more += pooled > own ? 1 : 0;
    }
    EXPECT_GT(more, 60);
}

// T18: at a small overlap a box around the whole image finds every thing that is large enough.
TEST(HeatmapReference, AFullBoxFindsEveryThingAboveItsShareOfTheImage) {
    RandomStream random(8, "full");
    ClassBoxes boxes;
    for (int image = 0; image < 40; ++image) {
        const double side = random.uniform(60, 120);
        boxes.truths.push_back({
            image, {10, 10, 10 + side, 10 + side}
        });
        boxes.detections.push_back({image, whole_image, random.uniform()});
    }
    const auto precisions = average_precisions(boxes, {0.05, 0.5}, Matching::per_image);
    EXPECT_NEAR(precisions[0], 1, 1e-6);
    EXPECT_EQ(precisions[1], 0);
}

}  // namespace
}  // namespace xorch::heatmap
