#include "coordinator/report/tables/student_t.h"

#include <gtest/gtest.h>

#include <cmath>

namespace xorch {
namespace {

// Closed forms: tan(0.475 pi) for one degree of freedom, 2 p sqrt(2 / (4 p (1 - p))) - like for
// two.
TEST(StudentT, EqualsTheClosedFormsForOneAndTwoDegreesOfFreedom) {
    EXPECT_NEAR(student_t_95(1), std::tan(0.475 * std::acos(-1.0)), 1e-9);
    EXPECT_NEAR(student_t_95(2), 0.95 * std::sqrt(2.0 / (1 - 0.95 * 0.95)), 1e-12);
}

// The two-sided 5 % points of any printed table.
TEST(StudentT, EqualsThePrintedTable) {
    EXPECT_NEAR(student_t_95(3), 3.182, 5e-4);
    EXPECT_NEAR(student_t_95(4), 2.776, 5e-4);
    EXPECT_NEAR(student_t_95(5), 2.571, 5e-4);
    EXPECT_NEAR(student_t_95(9), 2.262, 5e-4);
    EXPECT_NEAR(student_t_95(10), 2.228, 5e-4);
    EXPECT_NEAR(student_t_95(29), 2.045, 5e-4);
    EXPECT_NEAR(student_t_95(30), 2.042, 5e-4);
    EXPECT_NEAR(student_t_95(60), 2.000, 5e-4);
    EXPECT_NEAR(student_t_95(120), 1.980, 5e-4);
    EXPECT_NEAR(student_t_95(1'000'000'000), 1.960, 5e-4);
}

TEST(StudentT, FallsSteadilyWhereItsTwoFormulasMeet) {
    for (std::uint64_t n = 190; n < 210; ++n) {
        const double step = student_t_95(n) - student_t_95(n + 1);
        EXPECT_GT(step, 4e-5) << n;
        EXPECT_LT(step, 8e-5) << n;
    }
}

}  // namespace
}  // namespace xorch
