#include <gtest/gtest.h>

#include "jobs/cellseg/flows/dynamics.h"
#include "jobs/cellseg/flows/flow_targets.h"
#include "jobs/cellseg/flows/masks.h"
#include "tests/jobs/cellseg/drawings.h"

namespace xorch::cellseg {
namespace {

constexpr double tolerance = 1e-6;
constexpr float diagonal = 0.70710678F;

void expect_flow(const FlowField& flow, Pixel at, float y, float x) {
    EXPECT_NEAR(flow.y.at(at.y, at.x), y, tolerance) << at.y << ',' << at.x;
    EXPECT_NEAR(flow.x.at(at.y, at.x), x, tolerance) << at.y << ',' << at.x;
}

TEST(CellsegGolden, G1_1_ASquareOfThreeGivesTheKnownHeatAndFlows) {
    const Labels labels = draw({".....", ".111.", ".111.", ".111.", "....."});
    const int steps = diffusion_steps(find_boxes(labels));
    EXPECT_EQ(steps, 16);
    const Grid<double> heat = diffuse_heat(labels, steps);
    EXPECT_NEAR(heat.at(2, 2), 0.413846, tolerance);
    EXPECT_NEAR(heat.at(1, 2), 0.321118, tolerance);
    EXPECT_NEAR(heat.at(1, 1), 0.256923, tolerance);
    const FlowField flow = flow_targets(labels);
    expect_flow(flow, {1, 1}, diagonal, diagonal);
    expect_flow(flow, {1, 3}, diagonal, -diagonal);
    expect_flow(flow, {3, 1}, -diagonal, diagonal);
    expect_flow(flow, {3, 3}, -diagonal, -diagonal);
    expect_flow(flow, {1, 2}, 1.0F, 0.0F);
    expect_flow(flow, {2, 2}, 0.0F, 0.0F);
    expect_flow(flow, {0, 0}, 0.0F, 0.0F);
}

TEST(CellsegGolden, G1_2_HeatOfATouchingCellLeaksIntoTheSlopeButNotIntoTheCell) {
    const Labels labels = draw({"......", ".1122.", ".1122.", "......"});
    const int steps = diffusion_steps(find_boxes(labels));
    EXPECT_EQ(steps, 12);
    const Grid<double> heat = diffuse_heat(labels, steps);
    for (int y = 1; y <= 2; ++y) {
        for (int x = 1; x <= 4; ++x) {
            EXPECT_NEAR(heat.at(y, x), 0.199988, tolerance);
        }
    }
    const FlowField flow = flow_targets(labels);
    expect_flow(flow, {1, 2}, 1.0F, 0.0F);
    expect_flow(flow, {2, 3}, -1.0F, 0.0F);
    expect_flow(flow, {1, 1}, diagonal, diagonal);
    expect_flow(flow, {2, 4}, -diagonal, -diagonal);
}

TEST(CellsegGolden, G1_2_TheCentreOfAnAngleIsItsNearestPixel) {
    const Labels labels = draw({"11111", "1....", "1....", "1....", "1...."});
    const std::vector<Box> boxes = find_boxes(labels);
    EXPECT_EQ(diffusion_steps(boxes), 24);
    EXPECT_EQ(
        find_centres(labels, boxes),
        std::vector<Pixel>({
            {0, 1}
    })
    );
}

TEST(CellsegGolden, G1_8_APixelFlowsByTheKnownPath) {
    FlowField field(5, 5);
    for (int x = 0; x < 5; ++x) {
        field.x.at(2, x) = 1.0F;
    }
    const std::vector<std::pair<int, float>> path{
        {1, 0.5F},
        {2, 1.5F},
        {3, 2.5F},
        {5, 4.0F}
    };
    for (const auto& [steps, x] : path) {
        const std::vector<Position> ends = follow_flows(
            field,
            {
                {2, 0}
        },
            steps
        );
        ASSERT_EQ(ends.size(), 1U);
        EXPECT_NEAR(ends[0].x, x, tolerance) << steps;
        EXPECT_NEAR(ends[0].y, 2.0F, tolerance);
    }
}

TEST(CellsegGolden, G1_9_CellsWithoutTheirFlowsAreRemoved) {
    const Labels three = draw({".....", ".111.", ".111.", ".111.", "....."});
    const FlowField nothing(5, 5);
    EXPECT_NEAR(flow_errors(three, nothing).at(0), 0.888889, tolerance);
    const Labels five = draw({"11111", "11111", "11111", "11111", "11111"});
    EXPECT_NEAR(flow_errors(five, nothing).at(0), 0.96, tolerance);
    FlowField almost = flow_targets(three);
    for (float& value : almost.y.values) {
        value *= 5.0F;
    }
    for (float& value : almost.x.values) {
        value *= 5.0F;
    }
    almost.y.at(1, 1) = 0.0F;
    almost.x.at(1, 1) = 0.0F;
    EXPECT_NEAR(flow_errors(three, almost).at(0), 0.111111, tolerance);
    Labels removed = three;
    remove_bad_flows(removed, nothing, 0.4);
    EXPECT_EQ(removed, Labels(5, 5));
    Labels kept = three;
    remove_bad_flows(kept, almost, 0.4);
    EXPECT_EQ(kept, three);
}

}  // namespace
}  // namespace xorch::cellseg
