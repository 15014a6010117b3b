#include "jobs/anomaly/score/task_maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/jobs/anomaly/simple_maps.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

void expect_equal(const TaskMaps& left, const TaskMaps& right) {
    EXPECT_EQ(left.manifest_hash, right.manifest_hash);
    EXPECT_EQ(left.encoder_hash, right.encoder_hash);
    ASSERT_EQ(left.images.size(), right.images.size());
    for (std::size_t i = 0; i < left.images.size(); ++i) {
        const ImageScores& one = left.images[i];
        const ImageScores& other = right.images[i];
        EXPECT_EQ(one.name, other.name);
        EXPECT_EQ(one.abnormal, other.abnormal);
        EXPECT_EQ(one.semantic, other.semantic);
        EXPECT_EQ(one.semantic_map, other.semantic_map);
        EXPECT_EQ(one.memory_map, other.memory_map);
        EXPECT_EQ(one.margin_map, other.margin_map);
        EXPECT_EQ(one.mask, other.mask);
    }
}

TEST(AnomalyMapFiles, AreReadBackAsTheyWere) {
    const TemporaryDirectory folder;
    const TaskMaps maps = simple_maps(1, {.resolution = 7});
    const auto hash = write_maps(folder / "maps", maps);
    ASSERT_TRUE(hash) << hash.error().message;
    const auto read = read_maps(folder / "maps", *hash);
    ASSERT_TRUE(read) << read.error().message;
    expect_equal(*read, maps);
    EXPECT_EQ(write_maps(folder / "maps", maps).value(), *hash);
}

TEST(AnomalyMapFiles, OfAnotherHashAreRefused) {
    const TemporaryDirectory folder;
    const auto hash = write_maps(folder / "maps", simple_maps(1));
    ASSERT_TRUE(write_maps(folder / "maps", simple_maps(2)));
    const auto read = read_maps(folder / "maps", *hash);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::conflict);
    EXPECT_THAT(read.error().message, HasSubstr("not the maps that the unit's record names"));
    EXPECT_TRUE(read_maps(folder / "maps", ""));
    EXPECT_THAT(read_maps(folder / "none", "").error().message, HasSubstr("none"));
}

TEST(AnomalyMapFiles, OfAnotherShapeThanTheRestAreRefused) {
    const JobState whole = store_maps(simple_maps(1));
    for (const char* name : {"memory_map", "margin_map", "semantic", "abnormal", "masks"}) {
        JobState state = whole;
        for (StoredTensor& tensor : state.tensors) {
            if (tensor.name == name) tensor.shape.back() += 1;
        }
        const auto read = restore_maps(state);
        ASSERT_FALSE(read) << name;
        EXPECT_THAT(read.error().message, HasSubstr(std::string(name) + " has another shape"));
    }
    // Scores by patch, and a truth of more pixels than it has bits for.
    JobState state = whole;
    set_member(state.values, "resolution", 256);
    EXPECT_THAT(restore_maps(state).error().message, HasSubstr("masks has another shape"));
    set_member(state.values, "resolution", 0);
    EXPECT_FALSE(restore_maps(state));
    state = whole;
    set_member(state.values, "names", Array{"one"});
    EXPECT_THAT(restore_maps(state).error().message, HasSubstr("has a name"));
    state = whole;
    state.tensors.pop_back();
    EXPECT_THAT(restore_maps(state).error().message, HasSubstr("no masks scores"));
}

}  // namespace
}  // namespace xorch::anomaly
