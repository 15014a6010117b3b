#include "core/statistics/relative_change.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

TEST(RelativeChange, IsInPerCentOfTheSizeOfTheBaseline) {
    EXPECT_NEAR(*relative_change(0.3, 0.2), 50, 1e-9);
    EXPECT_NEAR(*relative_change(-0.06, -0.03), -100, 1e-9);
    EXPECT_NEAR(*relative_change(0.03, -0.03), 200, 1e-9);
}

TEST(RelativeChange, OfAZeroBaselineIsNoNumber) {
    EXPECT_EQ(relative_change(0.3, 0.0), std::nullopt);
    EXPECT_EQ(relative_change(0.0, -0.0), std::nullopt);
}

}  // namespace
}  // namespace xorch
