#include "core/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace xorch {
namespace {

ParameterDeclaration bounded() {
    ParameterDeclaration declaration;
    declaration.name = "lr";
    declaration.type = ParameterType::number;
    declaration.minimum = 0;
    declaration.maximum = 1.5;
    return declaration;
}

TEST(Job, AcceptsAValueWithinItsRange) {
    EXPECT_TRUE(check_parameter(bounded(), 0.0));
    EXPECT_TRUE(check_parameter(bounded(), 1.5));
    EXPECT_TRUE(check_parameter(bounded(), 1));
}

TEST(Job, RefusesAValueOutsideItsRangeAndSaysTheRange) {
    const auto checked = check_parameter(bounded(), 2.0);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "must be at least 0 and at most 1.5, not 2.0");
    EXPECT_FALSE(check_parameter(bounded(), -0.1));
    EXPECT_FALSE(check_parameter(bounded(), std::numeric_limits<double>::quiet_NaN()));
}

TEST(Job, RefusesAnotherTypeAndSaysWhichIsMeant) {
    const auto checked = check_parameter(bounded(), "fast");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "must be a float, not the string \"fast\"");
    EXPECT_FALSE(check_parameter(bounded(), true));
}

}  // namespace
}  // namespace xorch
