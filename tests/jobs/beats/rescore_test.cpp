// Another score on the same log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/io/posix_disk.h"
#include "core/json.h"
#include "jobs/beats/report/score_columns.h"
#include "jobs/beats/report/training_log.h"
#include "tests/jobs/beats/confusion_rows.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

// Many beats right, none of S or V.
const Confusion common = rows({80, 0, 0, 0}, {4, 0, 0, 0}, {4, 0, 0, 0}, {0, 0, 0, 12});
// Fewer right, some of each class.
const Confusion even = rows({50, 15, 15, 0}, {1, 3, 0, 0}, {1, 0, 3, 0}, {9, 0, 2, 1});

class BeatsRescore : public testing::Test {
 protected:
    // A log of those epochs; the training went on for at most `epochs`.
    void write_log(const std::vector<Confusion>& confusions, int epochs) {
        PosixDisk disk;
        TrainingLog log(disk);
        ASSERT_TRUE(log.open(folder_.path() + "/" + log_name, ""));
        Object config;
        set_member(config, "epochs", epochs);
        set_member(config, "score", "half");
        ASSERT_TRUE(log.append(
            "start",
            {
                {"config", config}
        }
        ));
        for (std::size_t i = 0; i < confusions.size(); ++i) {
            Object epoch;
            set_member(epoch, "epoch", static_cast<std::int64_t>(i) + 1);
            add_summary(epoch, "val", score(confusions[i]));
            set_member(epoch, "confusion", to_value(confusions[i]));
            set_member(epoch, "gen_confusion", to_value(even));
            ASSERT_TRUE(log.append("epoch", epoch));
        }
        ASSERT_TRUE(log.append("final", {}));
    }

    void change_log(const std::string& from, const std::string& to) {
        PosixDisk disk;
        const std::string path = folder_.path() + "/" + log_name;
        std::string text = *disk.read(path);
        const std::size_t at = text.find(from);
        ASSERT_NE(at, std::string::npos);
        text.replace(at, from.size(), to);
        ASSERT_TRUE(write_file_atomically(disk, path, text));
    }

    UnitRun rescore(std::int64_t patience = 25) {
        Object input;
        set_member(input, "stage", "train");
        set_member(input, "unit", "0");
        set_member(input, "dir", folder_.path());
        const Object params{
            {"score",      "rare"  },
            {"patience",   patience},
            {"min_epochs", 1       }
        };
        return run_alone(
            "beats.rescore",
            params,
            folder_.path() + "/unit" + std::to_string(++runs_),
            {.inputs = format_json(Value(Array{input}))}
        );
    }

    TemporaryDirectory folder_;
    int runs_ = 0;
};

TEST_F(BeatsRescore, AScoreOfRareClassesChoosesAnotherEpochOfTheSameLog) {
    write_log({even, common, common}, 3);
    const UnitRun run = rescore();
    ASSERT_EQ(run.error, "");
    const Object& row = run.records[0];
    EXPECT_EQ(*find_member(row, "best_epoch_before"), Value(2));
    EXPECT_EQ(*find_member(row, "best_epoch"), Value(1));
    EXPECT_EQ(*find_member(row, "val_rare_macro_f1"), Value(score(even).rare_macro_f1));
    EXPECT_EQ(*find_member(row, "val_collapse"), Value(""));
    EXPECT_EQ(*find_member(row, "checks"), Value(""));
}

TEST_F(BeatsRescore, AGainOverNothingIsLeftOutAndSaidToBe) {
    write_log({even, common}, 2);
    const Object row = rescore().records.at(0);
    EXPECT_EQ(find_member(row, "val_rare_change"), nullptr);
    EXPECT_EQ(*find_member(row, "baseline_zero"), Value(true));
    write_log({even, even}, 2);
    const Object same = rescore().records.at(0);
    EXPECT_EQ(*find_member(same, "val_rare_change"), Value(0.0));
    EXPECT_EQ(*find_member(same, "baseline_zero"), Value(false));
}

TEST_F(BeatsRescore, ACollapseIsNamedAndAShortLogToo) {
    write_log({common, common}, 90);
    const Object row = rescore().records.at(0);
    EXPECT_EQ(*find_member(row, "val_collapse"), Value("NO"));
    EXPECT_EQ(*find_member(row, "checks"), Value("LOG_ENDS_FIRST COLLAPSE"));
}

TEST_F(BeatsRescore, ThePatienceOfTheNewScoreEndsTheSearch) {
    write_log({common, common, common, even}, 90);
    const Object row = rescore(2).records.at(0);
    EXPECT_EQ(*find_member(row, "epochs_run"), Value(3));
    EXPECT_EQ(*find_member(row, "best_epoch"), Value(1));
    EXPECT_EQ(*find_member(row, "checks"), Value("COLLAPSE"));
}

TEST_F(BeatsRescore, ALogThatIsNotWholeIsRefusedWithItsLine) {
    write_log({common, even}, 2);
    change_log("\"event\":\"final\"", "\"event\":\"fin");
    EXPECT_THAT(rescore().error, HasSubstr("line 4 is no JSON object"));
    write_log({common, even}, 2);
    change_log("{\"event\":\"final\"}\n", "");
    EXPECT_THAT(rescore().error, HasSubstr("does not end with its final event"));
    write_log({common, even}, 2);
    change_log("\"epoch\":2", "\"epoch\":3");
    EXPECT_THAT(rescore().error, HasSubstr("line 3: epoch 2 was to come"));
    write_log({common, even}, 2);
    change_log("[[80,", "[[79,");
    EXPECT_THAT(rescore().error, HasSubstr("line 2: val_macro_f1 is not that"));
    write_log({common, even}, 2);
    change_log("[[80,", "[[-1,");
    EXPECT_THAT(rescore().error, HasSubstr("line 2: no confusion matrix"));
}

}  // namespace
}  // namespace xorch::beats
