// beats.prepare as a unit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "jobs/beats/beat_file.h"
#include "jobs/beats/data/synthetic.h"
#include "jobs/beats/report/beats_picture.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/beats/simple_beats.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

TEST(BeatsPrepare, ARowPerRecordingAccountsForWhatTheFolderHas) {
    const TemporaryDirectory folder;
    const UnitRun run = run_alone(
        "beats.prepare",
        {
            {"max_beats", 40}
    },
        folder / "run"
    );
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(run.records.size(), 47U);
    const auto beats = read_beats(run.out + "/beats");
    ASSERT_TRUE(beats) << beats.error().message;
    std::map<std::string, std::int64_t> sums;
    for (const Object& row : run.records) {
        for (const std::string column : {"n", "s", "v", "o", "val_n", "val_s", "val_v", "val_o"}) {
            sums[column] += *find_member(row, column)->get_if<std::int64_t>();
        }
    }
    EXPECT_EQ(sums["n"] + sums["s"] + sums["v"] + sums["o"], 47 * 40);
    const auto val = sums["val_n"] + sums["val_s"] + sums["val_v"] + sums["val_o"];
    EXPECT_EQ(static_cast<std::size_t>(val), beats->val.size());
    EXPECT_EQ(beats->train.size() + beats->val.size(), 32U * 40);
    EXPECT_EQ(*find_member(run.records[0], "record"), Value("100"));
    EXPECT_EQ(*find_member(run.records[2], "lead"), Value("V5"));
    EXPECT_EQ(*find_member(run.records[2], "checks"), Value("NON_BEAT_DROPPED LEAD_SUBSTITUTED"));
    const auto picture = read_raster(run.out + "/beats.png");
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->channels, 3);
}

TEST(BeatsPrepare, EveryParameterReachesThePreparation) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_beats(folder.path(), 9));
    const UnitRun run = run_alone(
        "beats.prepare",
        {
            {"data",         folder.path()},
            {"seed",         9            },
            {"lead",         "V2"         },
            {"missing_lead", "drop"       },
            {"non_beat",     "other"      },
    },
        folder / "run"
    );
    // Only 102 and 104 have that lead, both to learn from.
    EXPECT_THAT(run.error, HasSubstr("0 to generalise to"));
    const UnitRun published = run_alone(
        "beats.prepare",
        {
            {"data",     folder.path()},
            {"split",    "ds1_ds2"    },
            {"non_beat", "other"      }
    },
        folder / "published"
    );
    ASSERT_EQ(published.error, "");
    EXPECT_EQ(*find_member(published.records[2], "checks"), Value("RECORD_UNUSED"));
    EXPECT_EQ(*find_member(published.records[0], "checks"), Value("NON_BEAT_AS_OTHER"));
    const UnitRun missing = run_alone(
        "beats.prepare",
        {
            {"data",          folder / "run"},
            {"allow_missing", true          }
    },
        folder / "missing"
    );
    EXPECT_THAT(missing.error, HasSubstr("no recordings (.hea, .dat, .atr)"));
}

TEST(BeatsPrepare, EqualParametersGiveEqualBeats) {
    const TemporaryDirectory folder;
    const auto windows = [&folder](const std::string& name, int seed) {
        const UnitRun run = run_alone(
            "beats.prepare",
            {
                {"seed",      seed},
                {"max_beats", 20  }
        },
            folder / name
        );
        const auto beats = read_beats(run.out + "/beats");
        return beats ? beats->train.windows : std::vector<float>{};
    };
    const auto first = windows("first", 1);
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(windows("again", 1), first);
    EXPECT_NE(windows("other", 2), first);
}

TEST(BeatsPicture, EachClassHasItsColourInEachSplitThatHasIt) {
    BeatSplits beats = simple_beats();
    beats.generalisation = {};
    const Picture picture = draw_beats(beats);
    const Colour ventricular{214, 39, 40};
    const auto coloured_in = [&](int left, int right) {
        for (int y = 0; y < picture.height; ++y) {
            for (int x = left; x < right; ++x) {
                if (picture.at(y, x) == ventricular) return true;
            }
        }
        return false;
    };
    const int third = picture.width / 3;
    EXPECT_TRUE(coloured_in(0, third));
    EXPECT_TRUE(coloured_in(third, 2 * third));
    EXPECT_FALSE(coloured_in(2 * third + 20, picture.width));
}

}  // namespace
}  // namespace xorch::beats
