// The flow code against slow programs that follow the published description word by word, on random
// images of every kind.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "jobs/cellseg/flows/dynamics.h"
#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/flows/labels.h"
#include "jobs/cellseg/flows/masks.h"
#include "tests/jobs/cellseg/drawings.h"

namespace xorch::cellseg {
namespace {

constexpr int images = 200;

// Everything at once in one padded image, without boxes.
Grid<double> slow_heat(const Labels& labels, const std::vector<Pixel>& centres, int steps) {
    Labels padded(labels.height + 2, labels.width + 2);
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            padded.at(y + 1, x + 1) = labels.at(y, x);
        }
    }
    Grid<double> heat(padded.height, padded.width);
    for (int step = 0; step < steps; ++step) {
        for (const Pixel centre : centres) {
            heat.at(centre.y + 1, centre.x + 1) += 1.0;
        }
        Grid<double> next(padded.height, padded.width);
        for (int y = 1; y <= labels.height; ++y) {
            for (int x = 1; x <= labels.width; ++x) {
                if (padded.at(y, x) == 0) continue;
                double sum = 0.0;
                for (int i = 0; i < 9; ++i) {
                    const Pixel near{y + i / 3 - 1, x + i % 3 - 1};
                    if (padded.at(near.y, near.x) == padded.at(y, x))
                        sum += heat.at(near.y, near.x);
                }
                next.at(y, x) = sum / 9.0;
            }
        }
        heat = next;
    }
    return heat;
}

std::vector<Pixel> slow_centres(const Labels& labels) {
    std::map<int, std::vector<Pixel>> cells;
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            if (labels.at(y, x) > 0) cells[labels.at(y, x)].push_back({y, x});
        }
    }
    std::vector<Pixel> centres;
    for (const auto& [label, pixels] : cells) {
        double y = 0.0;
        double x = 0.0;
        for (const Pixel pixel : pixels) {
            y += pixel.y + 1;
            x += pixel.x + 1;
        }
        y = std::nearbyint(y / static_cast<double>(pixels.size())) - 1;
        x = std::nearbyint(x / static_cast<double>(pixels.size())) - 1;
        Pixel best = pixels[0];
        double least = 1e9;
        for (const Pixel pixel : pixels) {
            const double distance = (pixel.y - y) * (pixel.y - y) + (pixel.x - x) * (pixel.x - x);
            if (distance < least) {
                least = distance;
                best = pixel;
            }
        }
        centres.push_back(best);
    }
    return centres;
}

TEST(CellsegFlows, AgreeWithASlowDiffusionOnRandomImages) {
    std::mt19937 random(1);
    for (int image = 0; image < images; ++image) {
        const Labels labels = random_labels(random);
        const std::vector<Box> boxes = find_boxes(labels);
        const std::vector<Pixel> centres = slow_centres(labels);
        ASSERT_EQ(find_centres(labels, boxes), centres);
        const Grid<double> expected = slow_heat(labels, centres, diffusion_steps(boxes));
        const Grid<double> heat = diffuse_heat(labels, diffusion_steps(boxes));
        const FlowField flow = flow_targets(labels);
        for (int y = 0; y < labels.height; ++y) {
            for (int x = 0; x < labels.width; ++x) {
                ASSERT_NEAR(heat.at(y, x), expected.at(y + 1, x + 1), 1e-12);
                if (labels.at(y, x) == 0) {
                    ASSERT_EQ(flow.y.at(y, x), 0.0F);
                    ASSERT_EQ(flow.x.at(y, x), 0.0F);
                    continue;
                }
                const double down = expected.at(y + 2, x + 1) - expected.at(y, x + 1);
                const double along = expected.at(y + 1, x + 2) - expected.at(y + 1, x);
                const double norm = std::hypot(down, along);
                // Without a slope the direction is noise of the last bit.
                if (norm < 1e-12) continue;
                ASSERT_NEAR(flow.y.at(y, x), down / norm, 1e-4);
                ASSERT_NEAR(flow.x.at(y, x), along / norm, 1e-4);
            }
        }
    }
}

TEST(CellsegFlows, AreMirroredExactlyWhereTheCellIs) {
    std::mt19937 random(2);
    for (int image = 0; image < images; ++image) {
        const Labels labels = random_labels(random);
        // An odd mean mirrors to another half: only images whose centres mirror are compared.
        Labels mirrored(labels.height, labels.width);
        for (int y = 0; y < labels.height; ++y) {
            for (int x = 0; x < labels.width; ++x) {
                mirrored.at(y, x) = labels.at(y, labels.width - 1 - x);
            }
        }
        std::vector<Pixel> centres = find_centres(labels, find_boxes(labels));
        for (Pixel& centre : centres) {
            centre.x = labels.width - 1 - centre.x;
        }
        if (find_centres(mirrored, find_boxes(mirrored)) != centres) continue;
        const FlowField flow = flow_targets(labels);
        const FlowField turned = flow_targets(mirrored);
        for (int y = 0; y < labels.height; ++y) {
            for (int x = 0; x < labels.width; ++x) {
                ASSERT_EQ(flow.y.at(y, x), turned.y.at(y, labels.width - 1 - x));
                ASSERT_EQ(flow.x.at(y, x), -turned.x.at(y, labels.width - 1 - x));
            }
        }
    }
}

FlowField random_field(int height, int width, std::mt19937& random) {
    FlowField field(height, width);
    std::normal_distribution<float> values(0.0F, 1.0F);
    for (std::size_t i = 0; i < field.y.values.size(); ++i) {
        field.y.values[i] = values(random);
        field.x.values[i] = values(random);
    }
    return field;
}

double sample_or_zero(const Plane& plane, double y, double x) {
    double sum = 0.0;
    for (int row = 0; row < plane.height; ++row) {
        for (int column = 0; column < plane.width; ++column) {
            const double weight =
                std::max(0.0, 1.0 - std::abs(y - row)) * std::max(0.0, 1.0 - std::abs(x - column));
            sum += weight * plane.at(row, column);
        }
    }
    return sum;
}

struct Place {
    double y;
    double x;
};

// Every step is taken, and every pixel of the image is asked for its weight.
Place slow_walk(const FlowField& field, Place at, int steps) {
    const int height = field.y.height;
    const int width = field.y.width;
    for (int step = 0; step < steps; ++step) {
        const double sample_y = at.y * height / (height - 1) - 0.5;
        const double sample_x = at.x * width / (width - 1) - 0.5;
        const double move_y = sample_or_zero(field.y, sample_y, sample_x);
        const double move_x = sample_or_zero(field.x, sample_y, sample_x);
        at.y = std::clamp(at.y + move_y, 0.0, height - 1.0);
        at.x = std::clamp(at.x + move_x, 0.0, width - 1.0);
    }
    return at;
}

TEST(CellsegDynamics, AgreeWithASlowBilinearWalkOnRandomFields) {
    std::mt19937 random(3);
    for (int image = 0; image < 60; ++image) {
        const int height = 2 + static_cast<int>(random() % 12);
        const int width = 2 + static_cast<int>(random() % 12);
        const FlowField field = random_field(height, width, random);
        const Pixel start{
            static_cast<int>(random() % static_cast<unsigned>(height)),
            static_cast<int>(random() % static_cast<unsigned>(width))};
        // Few steps: on a random field the walk is chaotic and multiplies the last bit's error.
        for (int steps = 1; steps <= 6; ++steps) {
            const Place expected = slow_walk(field, {1.0 * start.y, 1.0 * start.x}, steps);
            const std::vector<Position> ends = follow_flows(field, {start}, steps);
            ASSERT_NEAR(ends[0].y, expected.y, 2e-3);
            ASSERT_NEAR(ends[0].x, expected.x, 2e-3);
        }
    }
}

// On the flows of cells pixels come to rest or swing around a centre, and the end after an odd
// number of steps is another than after an even one.
TEST(CellsegDynamics, APixelAtRestOrInSwingEndsWhereEverySingleStepLeadsIt) {
    std::mt19937 random(4);
    int pixels = 0;
    int apart = 0;
    for (int image = 0; image < 40; ++image) {
        const Labels labels = random_labels(random);
        const FlowField field = flow_targets(labels);
        for (std::size_t i = 0; i < labels.values.size(); i += 11) {
            if (labels.values[i] == 0) continue;
            const Pixel start{
                static_cast<int>(i) / labels.width, static_cast<int>(i) % labels.width};
            for (const int steps : {60, 61}) {
                const Place expected = slow_walk(field, {1.0 * start.y, 1.0 * start.x}, steps);
                const Position end = follow_flows(field, {start}, steps)[0];
                ++pixels;
                if (std::hypot(end.y - expected.y, end.x - expected.x) > 0.05) ++apart;
            }
        }
    }
    ASSERT_GT(pixels, 500);
    // Single and double precision part at a watershed.
    EXPECT_LT(apart, pixels / 50) << apart << " of " << pixels;
}

NetworkOutput perfect_output(const Labels& labels) {
    NetworkOutput output{flow_targets(labels), Plane(labels.height, labels.width, -5.0F)};
    for (std::size_t i = 0; i < labels.values.size(); ++i) {
        output.flow.y.values[i] *= 5.0F;
        output.flow.x.values[i] *= 5.0F;
        if (labels.values[i] > 0) output.cellprob.values[i] = 5.0F;
    }
    return output;
}

Labels two_discs(int distance) {
    Labels labels(40, 60);
    for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 60; ++x) {
            const int down = y - 20;
            const int left = x - 18;
            const int right = x - 18 - distance;
            if (down * down + left * left <= 81) labels.at(y, x) = 1;
            if (down * down + right * right <= 81) labels.at(y, x) = 2;
        }
    }
    renumber(labels);
    return labels;
}

double share_of_equal(const Labels& left, const Labels& right) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < left.values.size(); ++i) {
        if (left.values[i] == right.values[i]) ++equal;
    }
    return static_cast<double>(equal) / static_cast<double>(left.values.size());
}

TEST(CellsegMasks, ComeBackFromTheFlowsOfApartAndTouchingCells) {
    for (const int distance : {24, 19, 18, 16}) {
        const Labels labels = two_discs(distance);
        const Labels found = find_masks(perfect_output(labels), {});
        EXPECT_EQ(count_cells(found), 2) << distance;
        EXPECT_GE(share_of_equal(found, labels), 0.99) << distance;
    }
}

TEST(CellsegMasks, ComeBackForACellAtTheBorder) {
    Labels labels(30, 30);
    for (int y = 0; y < 12; ++y) {
        for (int x = 0; x < 9; ++x) {
            labels.at(y, x) = 1;
        }
    }
    EXPECT_EQ(find_masks(perfect_output(labels), {}), labels);
}

TEST(CellsegMasks, AreEmptyWhereNothingIsProbable) {
    const NetworkOutput output = perfect_output(Labels(20, 20));
    EXPECT_EQ(find_masks(output, {}), Labels(20, 20));
}

TEST(CellsegMasks, ACellOverMostOfTheImageIsDropped) {
    const Labels whole(30, 30, 1);
    EXPECT_EQ(find_masks(perfect_output(whole), {}), Labels(30, 30));
    MaskSettings settings;
    settings.max_size_fraction = 1.0;
    EXPECT_EQ(count_cells(find_masks(perfect_output(whole), settings)), 1);
}

TEST(CellsegMasks, HolesAreFilledAndSmallCellsDropped) {
    Labels labels = draw({
        "11111..2",
        "1...1...",
        "1.3.1...",
        "1...1...",
        "11111...",
    });
    clean_masks(labels, 2);
    EXPECT_EQ(
        labels,
        draw({
            "11111...",
            "11111...",
            "11111...",
            "11111...",
            "11111...",
        })
    );
}

TEST(CellsegMasks, AGapAtACornerDoesNotOpenAHole) {
    Labels labels = draw({".111", "1..1", "1..1", "1111"});
    clean_masks(labels, 1);
    EXPECT_EQ(labels, draw({".111", "1111", "1111", "1111"}));
}

}  // namespace
}  // namespace xorch::cellseg
