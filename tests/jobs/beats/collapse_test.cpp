// Each collapse of the report on made patients, and its name in the record.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/beats/beat_file.h"
#include "jobs/beats/data/preparation.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

class BeatsCollapsed : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        data_ = new TemporaryDirectory;
        const auto prepared = prepare_beats({}, [](std::size_t, std::size_t) {});
        ASSERT_TRUE(prepared) << prepared.error().message;
        ASSERT_TRUE(write_beats(data_->path(), prepared->beats));
    }

    static void TearDownTestSuite() {
        delete data_;
        data_ = nullptr;
    }

    // The record of fifteen epochs with that recipe.
    Object train(Object recipe) const {
        set_member(recipe, "data", data_->path());
        set_member(recipe, "epochs", 15);
        set_member(recipe, "score", "macro");
        const UnitRun run = run_alone("beats.train", recipe, folder_.path());
        EXPECT_EQ(run.error, "");
        return run.records.at(0);
    }

    static TemporaryDirectory* data_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* BeatsCollapsed::data_ = nullptr;

std::string text_of(const Object& record, const std::string& column) {
    return format_plain(*find_member(record, column));
}

TEST_F(BeatsCollapsed, WithoutAnyRemedyEveryBeatIsNormal) {
    const Object record = train({});
    EXPECT_EQ(text_of(record, "last_collapse"), "N");
    EXPECT_EQ(text_of(record, "favoured"), "N");
    EXPECT_THAT(text_of(record, "checks"), HasSubstr("COLLAPSE"));
}

TEST_F(BeatsCollapsed, ASamplerAndFullClassWeightsOnTopLeaveSAndV) {
    const Object record = train({
        {"sampler",        "power"    },
        {"weight_norm",    "majority1"},
        {"beside_sampler", "full"     },
        {"lr",             0.003      }
    });
    EXPECT_EQ(text_of(record, "last_collapse"), "SV");
    EXPECT_EQ(text_of(record, "favoured"), "SV");
    EXPECT_EQ(text_of(record, "collapsed_epochs"), "15");
    EXPECT_THAT(text_of(record, "checks"), HasSubstr("GRADIENT_LOPSIDED"));
}

TEST_F(BeatsCollapsed, AMilderSamplerWithACapLeavesNAndO) {
    const Object record = train({
        {"sampler",           "power"},
        {"sampler_power",     0.7    },
        {"sampler_max_ratio", 6.0    },
        {"lr",                0.003  }
    });
    EXPECT_EQ(text_of(record, "last_collapse"), "NO");
    EXPECT_EQ(text_of(record, "favoured"), "NO");
    EXPECT_EQ(text_of(record, "val_rare_macro_f1"), "0.0");
    EXPECT_THAT(text_of(record, "checks"), testing::Not(HasSubstr("GRADIENT_LOPSIDED")));
}

TEST_F(BeatsCollapsed, BatchesThatAreHalfSupraventricularLeaveSAlone) {
    const Object record = train({
        {"sampler",    "mix"    },
        {"target_mix", "2,4,1,1"}
    });
    EXPECT_EQ(text_of(record, "last_collapse"), "S");
    EXPECT_THAT(text_of(record, "favoured"), HasSubstr("S"));
    EXPECT_THAT(text_of(record, "checks"), HasSubstr("GRADIENT_LOPSIDED"));
}

}  // namespace
}  // namespace xorch::beats
