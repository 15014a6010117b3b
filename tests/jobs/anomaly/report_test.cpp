// The table of weak branches out of the records of judged classes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

struct Judged {
    const char* class_name;
    double semantic;
    double memory;
    double oracle;
};

class AnomalyReport : public testing::Test {
 protected:
    void add(const Object& params, const Object& record) {
        UnitRun run;
        run.out = folder_.path();
        run.records = {record};
        inputs_.add("stage", params, run);
    }

    static Object params_of(const char* class_name, const char* mode = "") {
        Object params{
            {"dataset",    "mvtec"   },
            {"class_name", class_name},
            {"k_shot",     2         },
            {"seed",       111       }
        };
        if (*mode != '\0') set_member(params, "score_mode", mode);
        return params;
    }

    void add_pixels(const Judged& judged) {
        for (const char* mode : {"semantic", "memory", "oracle"}) {
            const std::string name = mode;
            const double area = name == "semantic" ? judged.semantic
                                : name == "memory" ? judged.memory
                                                   : judged.oracle;
            add(params_of(judged.class_name, mode),
                {
                    {"p_roc",          area           },
                    {"semantic_auroc", judged.semantic},
                    {"memory_auroc",   judged.memory  }
            });
        }
    }

    UnitRun run() const {
        return run_alone("anomaly.report", {}, folder_ / "report", {.inputs = inputs_.json()});
    }

    TemporaryDirectory folder_;
    Inputs inputs_;
};

TEST_F(AnomalyReport, MeansEachFamilyByItselfAndCountsItsWeakBranches) {
    add_pixels({"carpet", 50, 99, 100});
    add_pixels({"wood", 40, 97, 99});
    add_pixels({"bottle", 90, 80, 94});
    add(params_of("bottle"),
        {
            {"i_roc",          70.0},
            {"i_roc_semantic", 70.0},
            {"i_roc_memory",   50.0},
            {"i_roc_max",      71.0},
            {"i_roc_harmonic", 60.0},
            {"i_roc_oracle",   75.0}
    });
    const UnitRun report = run();
    ASSERT_EQ(report.error, "");
    ASSERT_EQ(report.records.size(), 3U);
    const auto cell = [&](std::size_t row, const char* column) {
        return *find_member(report.records[row], column);
    };
    EXPECT_EQ(cell(0, "task"), Value("cls"));
    EXPECT_EQ(cell(0, "family"), Value("object"));
    EXPECT_EQ(cell(0, "max"), Value(71.0));
    EXPECT_EQ(cell(0, "gap"), Value(20.0));
    EXPECT_EQ(cell(0, "oracle_headroom"), Value(5.0));
    EXPECT_EQ(cell(1, "family"), Value("object"));
    EXPECT_EQ(cell(1, "weak_memory"), Value(1));
    EXPECT_TRUE(cell(1, "max").is_null());
    EXPECT_EQ(cell(2, "family"), Value("texture"));
    EXPECT_EQ(cell(2, "classes"), Value(2));
    EXPECT_EQ(cell(2, "semantic"), Value(45.0));
    EXPECT_EQ(cell(2, "oracle"), Value(99.5));
    EXPECT_EQ(cell(2, "oracle_headroom"), Value(1.5));
    EXPECT_EQ(cell(2, "weak_semantic"), Value(2));
    EXPECT_EQ(cell(2, "weak_memory"), Value(0));
}

TEST_F(AnomalyReport, LeavesClassesWithoutAnAreaOutOfTheMeans) {
    add_pixels({"carpet", 50, 99, 100});
    add(params_of("wood", "semantic"),
        {
            {"p_roc", Value()}
    });
    const UnitRun report = run();
    ASSERT_EQ(report.error, "");
    EXPECT_EQ(*find_member(report.records.at(0), "classes"), Value(2));
    EXPECT_EQ(*find_member(report.records.at(0), "semantic"), Value(50.0));
    EXPECT_EQ(*find_member(report.records.at(0), "weak_semantic"), Value(1));
}

TEST_F(AnomalyReport, OfNothingIsAnError) {
    EXPECT_THAT(run().error, HasSubstr("no input judged a class"));
}

}  // namespace
}  // namespace xorch::anomaly
