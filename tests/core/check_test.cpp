#include "core/check.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

TEST(ReportedChecks, AreReadFromTheCellThatTheyWereWrittenTo) {
    for (const std::vector<std::string>& names : {
             std::vector<std::string>{},
             {                "LEAKAGE"},
             { "ABLATION_NOOP", "CONTROL_WINS"}
    }) {
        const Value cell = reported_checks_cell({names.begin(), names.end()});
        EXPECT_EQ(parse_reported_checks(*cell.get_if<std::string>()), names);
    }
    EXPECT_EQ(reported_checks_cell({}), Value(""));
}

}  // namespace
}  // namespace xorch
