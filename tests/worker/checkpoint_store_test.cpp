#include "worker/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/tree_disk.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const SweepLayout layout{.root = "/sweep"};
const UnitId unit{
    .bytes = {0xab, 0xcd}
};

std::string attempt_directory(std::uint32_t attempt) {
    return layout.attempt(unit, {attempt});
}

void write_file(Disk& disk, const std::string& path, const std::string& bytes) {
    auto file = disk.create(path);
    if (file) [[maybe_unused]]
        const auto written = (*file)->append(bytes);
}

// Every folder of the attempt, made and durable from the sweep's folder up to units/.
void make_attempt(Disk& disk, std::uint32_t attempt) {
    const std::string directory = attempt_directory(attempt);
    for (std::size_t at = directory.find('/', 1); at != std::string::npos;
         at = directory.find('/', at + 1)) {
        ASSERT_TRUE(disk.make_directory(directory.substr(0, at)));
    }
    ASSERT_TRUE(disk.make_directory(directory));
    ASSERT_TRUE(disk.sync_directory("/"));
    ASSERT_TRUE(disk.sync_directory("/sweep"));
}

Result<void> seal(Disk& disk, std::uint32_t attempt, std::uint64_t sequence) {
    const std::string folder = unsealed_path(attempt_directory(attempt), sequence);
    if (auto made = disk.make_directory(folder); !made) return made;
    if (auto made = disk.make_directory(folder + "/sub"); !made) return made;
    write_file(disk, folder + "/weights", "weights of " + std::to_string(sequence));
    write_file(disk, folder + "/sub/n\xff%\n", "odd name");
    return seal_checkpoint(
        disk,
        {
            .attempt_directory = attempt_directory(attempt),
            .sequence = sequence,
            .files = {"sub/n\xff%\n", "weights"},
            .step = static_cast<std::int64_t>(sequence) * 10
    }
    );
}

CheckpointSearch search(Disk& disk, std::uint32_t before = 9) {
    auto found = find_checkpoint(disk, layout, unit, {before});
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : CheckpointSearch{};
}

TEST(CheckpointStore, FindsNothingWhereNothingIs) {
    TreeDisk disk;
    const CheckpointSearch found = search(disk);
    EXPECT_FALSE(found.found);
    EXPECT_EQ(found.highest_sequence, 0U);
}

TEST(CheckpointStore, FindsTheNewestOfAllEarlierAttempts) {
    TreeDisk disk;
    for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
        make_attempt(disk, attempt);
        ASSERT_TRUE(seal(disk, attempt, attempt));
    }
    const CheckpointSearch found = search(disk, 3);
    ASSERT_TRUE(found.found);
    EXPECT_EQ(found.found->place.attempt, AttemptNumber{2});
    EXPECT_EQ(found.found->step, 20);
}

TEST(CheckpointStore, WhatWasSealedSurvivesAPowerCut) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        std::mt19937_64 random(seed);
        TreeDisk disk;
        make_attempt(disk, 1);
        ASSERT_TRUE(seal(disk, 1, 1));
        ASSERT_TRUE(seal(disk, 1, 2));
        disk.crash(random);
        const CheckpointSearch found = search(disk);
        ASSERT_TRUE(found.found) << "seed " << seed;
        EXPECT_EQ(found.found->place.sequence, 2U) << "seed " << seed;
        EXPECT_TRUE(found.damaged.empty());
    }
}

TEST(CheckpointStore, ACrashAtAnyStepOfSealingLeavesTheOneBeforeItOrTheNewOne) {
    bool sealed = false;
    for (int step = 0; !sealed; ++step) {
        ASSERT_LT(step, 200);
        std::mt19937_64 random(static_cast<std::uint64_t>(step));
        TreeDisk disk;
        make_attempt(disk, 1);
        ASSERT_TRUE(seal(disk, 1, 1));
        disk.die_after(step);
        sealed = seal(disk, 1, 2).has_value();
        disk.crash(random);
        const CheckpointSearch found = search(disk);
        ASSERT_TRUE(found.found) << "step " << step;
        EXPECT_GE(found.found->place.sequence, sealed ? 2U : 1U) << "step " << step;
        EXPECT_TRUE(found.damaged.empty()) << "step " << step;
    }
}

TEST(CheckpointStore, AnUnsealedOneIsNeverRead) {
    TreeDisk disk;
    make_attempt(disk, 1);
    ASSERT_TRUE(seal(disk, 1, 1));
    ASSERT_TRUE(disk.make_directory(unsealed_path(attempt_directory(1), 2)));
    write_file(disk, unsealed_path(attempt_directory(1), 2) + "/weights", "half");
    const CheckpointSearch found = search(disk);
    ASSERT_TRUE(found.found);
    EXPECT_EQ(found.found->place.sequence, 1U);
}

TEST(CheckpointStore, EveryKindOfDamageIsFoundAndSaid) {
    const std::string sealed = sealed_path(attempt_directory(1), 2);
    const std::vector<std::pair<std::string, std::function<void(TreeDisk&)>>> damages = {
        {"weights is not what was sealed",
         [&](TreeDisk& disk) { disk.content(sealed + "/weights")[3] ^= 1; }                                     },
        {"weights has 3 bytes instead of 12",
         [&](TreeDisk& disk) { disk.content(sealed + "/weights").resize(3); }                                   },
        {"weights has 0 bytes",               [&](TreeDisk& disk) { disk.content(sealed + "/weights").clear(); }},
        {"weights is missing",
         [&](TreeDisk& disk) { ASSERT_TRUE(disk.remove(sealed + "/weights")); }                                 },
        {"manifest is damaged",
         [&](TreeDisk& disk) { disk.content(sealed + "/" + manifest_name).resize(20); }                         },
        {"manifest is not what was sealed",
         [&](TreeDisk& disk) {
             std::string& manifest = disk.content(sealed + "/" + manifest_name);
             manifest.replace(manifest.find(":20"), 3, ":30");
         }                                                                                                      },
        {"manifest cannot be read",
         [&](TreeDisk& disk) { ASSERT_TRUE(disk.remove(sealed + "/" + manifest_name)); }                        },
    };
    for (const auto& [words, damage] : damages) {
        TreeDisk disk;
        make_attempt(disk, 1);
        ASSERT_TRUE(seal(disk, 1, 1));
        ASSERT_TRUE(seal(disk, 1, 2));
        damage(disk);
        const CheckpointSearch found = search(disk);
        ASSERT_TRUE(found.found) << words;
        EXPECT_EQ(found.found->place.sequence, 1U) << words;
        EXPECT_EQ(found.highest_sequence, 2U) << words;
        EXPECT_THAT(found.damaged, ElementsAre(HasSubstr(words)));
    }
}

TEST(CheckpointStore, PruningKeepsTheNewest) {
    TreeDisk disk;
    make_attempt(disk, 1);
    for (std::uint64_t sequence = 9; sequence <= 12; ++sequence)
        ASSERT_TRUE(seal(disk, 1, sequence));
    ASSERT_TRUE(prune_checkpoints(disk, attempt_directory(1), 2));
    EXPECT_THAT(*disk.list(attempt_directory(1)), ElementsAre("ckpt-11", "ckpt-12"));
}

TEST(CheckpointStore, AProcessThatIsKilledWhileItPrunesLeavesNoDamagedOne) {
    bool pruned = false;
    for (int step = 0; !pruned; ++step) {
        ASSERT_LT(step, 200);
        TreeDisk disk;
        make_attempt(disk, 1);
        for (std::uint64_t sequence = 1; sequence <= 3; ++sequence)
            ASSERT_TRUE(seal(disk, 1, sequence));
        disk.die_after(step);
        pruned = prune_checkpoints(disk, attempt_directory(1), 2).has_value();
        disk.die_after(-1);
        const auto places = list_checkpoints(disk, layout, unit, {9});
        ASSERT_TRUE(places) << "step " << step;
        EXPECT_GE(places->size(), 2U) << "step " << step;
        for (const CheckpointPlace& place : *places)
            EXPECT_TRUE(verify_checkpoint(disk, place)) << place.path << ", step " << step;
        ASSERT_TRUE(drop_checkpoints(disk, layout, unit, 0));
        EXPECT_FALSE(disk.exists(attempt_directory(1)).value()) << "step " << step;
    }
}

TEST(CheckpointStore, AFinalUnitKeepsNoneOrTheLast) {
    TreeDisk disk;
    for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
        make_attempt(disk, attempt);
        ASSERT_TRUE(seal(disk, attempt, attempt));
    }
    ASSERT_TRUE(drop_checkpoints(disk, layout, unit, 1));
    EXPECT_EQ(search(disk).found->place.sequence, 2U);
    ASSERT_TRUE(drop_checkpoints(disk, layout, unit, 0));
    EXPECT_FALSE(search(disk).found);
}

TEST(CheckpointStore, WhatKilledAttemptsLeftUnsealedGoesWhenTheUnitIsFinal) {
    TreeDisk disk;
    for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
        make_attempt(disk, attempt);
        ASSERT_TRUE(disk.make_directory(attempt_directory(attempt) + "/publish"));
        ASSERT_TRUE(disk.make_directory(attempt_directory(attempt) + "/publish/step-9"));
        write_file(disk, attempt_directory(attempt) + "/publish/step-9/state", "half");
        ASSERT_TRUE(disk.make_directory(unsealed_path(attempt_directory(attempt), 7)));
    }
    ASSERT_TRUE(disk.make_directory(attempt_directory(2) + "/out"));
    ASSERT_TRUE(seal(disk, 1, 6));
    ASSERT_TRUE(drop_checkpoints(disk, layout, unit, 0));
    EXPECT_THAT(*disk.list(layout.unit(unit)), ElementsAre("2"));
    EXPECT_THAT(*disk.list(attempt_directory(2)), ElementsAre("out"));
}

}  // namespace
}  // namespace xorch
