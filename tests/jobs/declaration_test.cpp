#include "jobs/declaration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/check.h"

namespace xorch {
namespace {

TEST(JobDeclarations, NameChecksThatHaveRulesAndColumns) {
    std::size_t declared = 0;
    for (const JobDeclaration& job : job_declarations()) {
        for (const Check& check : job.checks) {
            ++declared;
            EXPECT_NE(find_check_rule(check.name), nullptr) << job.name << " " << check.name;
            EXPECT_EQ(why_unusable(check), "") << job.name << " " << check.name;
            if (kind_of(check) != CheckKind::reported || job.columns.empty()) continue;
            const auto& columns = job.columns;
            const bool has_column =
                std::any_of(columns.begin(), columns.end(), [](const ColumnDeclaration& column) {
                    return column.name == checks_column;
                });
            EXPECT_TRUE(has_column) << job.name;
        }
    }
    EXPECT_GT(declared, 20U);
}

}  // namespace
}  // namespace xorch
