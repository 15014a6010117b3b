// The folder between preparation and training.

#include "jobs/beats/beat_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

BeatSet beats_of(std::size_t count, std::vector<std::string> records) {
    BeatSet set;
    set.records = std::move(records);
    for (std::size_t beat = 0; beat < count; ++beat) {
        set.classes.push_back(static_cast<std::uint8_t>(beat % 4));
        set.record.push_back(static_cast<std::uint16_t>(beat % set.records.size()));
        set.windows.resize((beat + 1) * window_samples, -1.0F + 0.25F * static_cast<float>(beat));
    }
    return set;
}

class BeatFile : public testing::Test {
 protected:
    BeatFile() {
        splits_.train = beats_of(6, {"100", "101"});
        splits_.val = beats_of(1, {"101"});
    }

    void write() { ASSERT_TRUE(write_beats(folder_.path(), splits_)); }

    std::string error() const {
        const auto read = read_beats(folder_.path());
        return read ? "none" : read.error().message;
    }

    std::string bytes_of(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    void put(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    TemporaryDirectory folder_;
    BeatSplits splits_;
};

TEST_F(BeatFile, WhatWasWrittenIsRead) {
    write();
    const auto read = read_beats(folder_.path());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->train.windows, splits_.train.windows);
    EXPECT_EQ(read->train.classes, splits_.train.classes);
    EXPECT_EQ(read->train.records, splits_.train.records);
    EXPECT_EQ(read->train.record, splits_.train.record);
    EXPECT_EQ(read->val.size(), 1U);
    EXPECT_EQ(read->generalisation.size(), 0U);
    EXPECT_EQ(read->train.window(1)[359], -0.75F);
}

TEST_F(BeatFile, SamplesOutsideOfTheRangeAreRefused) {
    splits_.val.windows[7] = 1.5F;
    write();
    EXPECT_THAT(error(), HasSubstr("split val: a sample that is not in [-1, 1]"));
    splits_.val.windows[7] = std::numeric_limits<float>::quiet_NaN();
    write();
    EXPECT_THAT(error(), HasSubstr("split val: a sample that is not in [-1, 1]"));
}

TEST_F(BeatFile, IndicesBeyondTheirListsAreRefused) {
    splits_.train.classes[2] = 4;
    write();
    EXPECT_THAT(error(), HasSubstr("split train: a class that there is not"));
    splits_.train.classes[2] = 0;
    splits_.train.record[3] = 2;
    write();
    EXPECT_THAT(error(), HasSubstr("split train: a beat of a recording without a name"));
    splits_.train.record[3] = 0;
    splits_.train.records = {"101", "100"};
    write();
    EXPECT_THAT(error(), HasSubstr("split train: names of recordings are not sorted"));
}

TEST_F(BeatFile, ADamagedFolderIsRefusedWithTheFileAndTheReason) {
    EXPECT_THAT(error(), HasSubstr("beats.json: there is no such file"));
    write();
    const std::string windows = bytes_of("train_windows.npy");
    put("train_windows.npy", windows.substr(0, windows.size() - 1));
    EXPECT_THAT(error(), HasSubstr("train_windows.npy: a truncated NPY array"));
    put("train_windows.npy", bytes_of("val_windows.npy"));
    EXPECT_THAT(error(), HasSubstr("train_windows.npy: another type or shape"));
    put("train_windows.npy", windows);
    EXPECT_EQ(error(), "none");
    put("beats.json", R"({"format": 2})");
    EXPECT_THAT(error(), HasSubstr("beats.json: not of the format"));
    put("beats.json", R"({"format": 1, "splits": {"train": {"beats": -6, "records": []}}})");
    EXPECT_THAT(error(), HasSubstr("split train: without beats or records"));
}

}  // namespace
}  // namespace xorch::beats
