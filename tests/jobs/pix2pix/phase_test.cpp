// What is concluded from two phases, and from pictures of three splits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/pix2pix/leakage.h"
#include "jobs/pix2pix/phase_files.h"
#include "jobs/pix2pix/trial_pack.h"

namespace xorch::pix2pix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Pix2pixComparison, AChangeOfNothingHasNoPercent) {
    const Object prev{
        {"mean_l1",            0.2  },
        {"mean_psnr_sample",   18.0 },
        {"failed_count_fixed", 0    },
        {"failed_ids_fixed",   "1 2"},
        {"gone",               1    }
    };
    const Object cur{
        {"mean_l1",            0.1 },
        {"mean_psnr_sample",   17.0},
        {"failed_count_fixed", 3   },
        {"failed_ids_fixed",   "1" },
        {"new",                1   }
    };
    const auto metrics = compare_records(prev, cur);
    ASSERT_EQ(metrics.size(), 3U);
    EXPECT_EQ(metrics[0].direction, "better");
    EXPECT_DOUBLE_EQ(*metrics[0].delta_percent, -50);
    EXPECT_EQ(metrics[1].direction, "worse");  // PSNR is better at its other end
    EXPECT_EQ(metrics[2].direction, "worse");
    EXPECT_FALSE(metrics[2].delta_percent.has_value());
    EXPECT_THAT(format_comparison(metrics), HasSubstr("\nfailed_count_fixed,0,3,3,,worse\n"));
    EXPECT_EQ(compare_records(prev, prev)[0].direction, "equal");
}

PhaseEvaluation phase_of(const std::vector<bool>& failed, const std::vector<bool>& hard) {
    PhaseEvaluation phase;
    for (std::size_t i = 0; i < failed.size(); ++i) {
        phase.pairs.push_back(
            {.id = std::to_string(i),
             .score = {},
             .proxy = 0.1 * static_cast<double>(i),
             .has_failed = failed[i],
             .is_hard = hard[i]}
        );
    }
    return phase;
}

std::string text_of(const std::vector<PackedPair>& pack) {
    std::string text;
    for (const PackedPair& each : pack) {
        text += each.group + std::to_string(each.pair) + " ";
    }
    return text;
}

TEST(Pix2pixPack, HasFailingHardAndStablePairsInThisOrder) {
    const std::vector<bool> hard{true, true, true, false, false, false, false, false};
    const PhaseEvaluation prev = phase_of({1, 1, 1, 0, 1, 0, 0, 1}, hard);
    const PhaseEvaluation cur = phase_of({1, 0, 0, 1, 0, 0, 0, 0}, hard);
    EXPECT_EQ(text_of(choose_pack(prev, cur, 2)), "A3 A0 B1 B2 C5 C6 ");
    EXPECT_EQ(text_of(choose_pack(prev, cur, 1)), "A3 B1 C5 ");
    // What one group lacks others make up for, but nobody is in it twice.
    EXPECT_EQ(text_of(choose_pack(prev, cur, 9)), "A3 A0 B1 B2 C5 C6 D4 D7 ");
    EXPECT_THAT(format_manifest(choose_pack(prev, cur, 1), prev, cur), HasSubstr("\n2,1,B,"));
}

TEST(Pix2pixPack, StubbornPairsFailInEveryPhase) {
    const std::vector<bool> none(4, false);
    const Ids first = failed_of(phase_of({1, 1, 0, 1}, none).pairs);
    const Ids second = failed_of(phase_of({0, 1, 1, 1}, none).pairs);
    EXPECT_THAT(common_ids(first, second), ElementsAre("1", "3"));
}

TEST(Pix2pixTranslations, AreKeptInEightBits) {
    Plane plane(2, 2);
    plane.values = {-1, 0.5F, 1, 7};
    const JobState state = store_translations({plane});
    ASSERT_EQ(state.tensors[0].bytes.size(), 4U);
    EXPECT_EQ(static_cast<std::uint8_t>(state.tensors[0].bytes[1]), 191);
    EXPECT_EQ(static_cast<std::uint8_t>(state.tensors[0].bytes[3]), 255);
}

PairSet set_of(const std::vector<std::vector<std::uint8_t>>& targets) {
    PairSet set;
    set.side = 18;
    for (const auto& pattern : targets) {
        set.ids.push_back(std::to_string(set.ids.size()));
        for (std::size_t pixel = 0; pixel < set.pixels(); ++pixel) {
            const std::uint8_t value = pattern[pixel % pattern.size()];
            set.targets.push_back(value);
            set.inputs.insert(set.inputs.end(), {value, value, value});
        }
    }
    return set;
}

TEST(Pix2pixLeakage, PicturesOfTwoSplitsAreFoundByPixelsAndByHash) {
    PairSplits splits;
    splits.sets[0] = set_of({
        {0,  200, 30},
        { 1, 2,   3,  4, 5}
    });
    splits.sets[1] = set_of({
        {0, 200, 30},
        {255, 0 }
    });
    splits.sets[2] = set_of({
        {0, 201, 30}
    });
    const SharedPictures xrays = shared_xrays(splits);
    EXPECT_EQ(xrays.exact, 1);
    EXPECT_GE(xrays.near, 3);  // the same, and the one that differs by a grey level from both
    EXPECT_EQ(shared_photos(splits).exact, 1);
}

TEST(Pix2pixLeakage, TheHashSaysWhereAPictureGetsBrighter) {
    Grid<std::uint8_t> ramp(8, 9);
    for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 9; ++x) {
            ramp.at(y, x) = static_cast<std::uint8_t>(10 * (y < 4 ? x : 9 - x));
        }
    }
    EXPECT_EQ(difference_hash(ramp), 0xFFFFFFFF00000000U);
}

TEST(Pix2pixLeakage, DistancesToOthersAndToTheNearestAreMeansOverPairs) {
    const PairSet set = set_of({{0}, {255}});
    const std::vector<Plane> made{target_plane(set, 0), target_plane(set, 1)};
    EXPECT_EQ(distance_to_others(made, set, {0, 1}), 0);
    EXPECT_EQ(distance_to_others(made, set, {1, 0}), 2);
    EXPECT_EQ(distance_to_nearest(made, set), 0);
    EXPECT_EQ(mean_target(set).values[5], 0.0F);
    EXPECT_EQ(distance_in_corner(made[0], made[1]), 2);
}

}  // namespace
}  // namespace xorch::pix2pix
