// Beats that somebody else cut, as CSV, NPZ and NPY.

#include "jobs/beats/data/beat_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "jobs/files/npy_array.h"
#include "tests/jobs/files/zip_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using namespace std::string_literals;

class BeatTable : public testing::Test {
 protected:
    void put(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    std::string error() const {
        const auto beats = read_beat_table(folder_.path());
        return beats ? "none" : beats.error().message;
    }

    TemporaryDirectory folder_;
};

std::string header() {
    std::string line;
    for (int i = 0; i < window_samples; ++i) {
        line += "x" + std::to_string(i) + ",";
    }
    return line + "label,record,split\n";
}

// A step up by `height` in the middle.
std::string row(const std::string& height, const std::string& rest) {
    std::string line;
    for (int i = 0; i < window_samples; ++i) {
        line += (i < window_samples / 2 ? "0" : height) + ",";
    }
    return line + rest + "\n";
}

TEST_F(BeatTable, CsvIsReadBySplitAndNormalised) {
    put("beats.csv",
        header() + row("2", "V,b,train") + row("-1e-1", "0,a,train") + row("2", "O,b,val") +
            row("2", "S,c,generalisation"));
    EXPECT_TRUE(has_beat_table(folder_.path()));
    const auto beats = read_beat_table(folder_.path());
    ASSERT_TRUE(beats) << beats.error().message;
    EXPECT_THAT(beats->train.classes, ElementsAre(2, 0));
    EXPECT_THAT(beats->train.records, ElementsAre("a", "b"));
    EXPECT_THAT(beats->train.record, ElementsAre(1, 0));
    EXPECT_EQ(beats->train.window(0)[0], -1.0F);
    EXPECT_EQ(beats->train.window(0)[359], 1.0F);
    EXPECT_EQ(beats->train.window(1)[0], 1.0F);
    EXPECT_THAT(beats->val.classes, ElementsAre(3));
    EXPECT_THAT(beats->generalisation.records, ElementsAre("c"));
}

TEST_F(BeatTable, ABadRowOfCsvIsNamedByItsLine) {
    put("beats.csv", "x0,label\n");
    EXPECT_THAT(error(), HasSubstr("beats.csv: 2 columns, not 360 samples"));
    const auto second = [this](const std::string& line) {
        put("beats.csv", header() + line);
        return error();
    };
    EXPECT_THAT(second(row("1", "X,a,train")), HasSubstr("beats.csv: line 2: \"X\": no class"));
    EXPECT_THAT(second(row("1", "N,a,test")), HasSubstr("line 2: \"test\": no split"));
    EXPECT_THAT(second(row("1", "N,,train")), HasSubstr("line 2: \"\": no name of a recording"));
    EXPECT_THAT(second(row("one", "N,a,train")), HasSubstr("line 2: a sample that is no number"));
    EXPECT_THAT(second(row("nan", "N,a,train")), HasSubstr("line 2: a sample that is not finite"));
    EXPECT_THAT(second("1,2\n"), HasSubstr("line 2: 2 cells"));
    EXPECT_THAT(
        second(row("1", "N,a,train") + row("1", "N,a,generalisation")),
        HasSubstr("\"a\": to learn from and to generalise to")
    );
}

std::string windows(std::size_t beats) {
    const std::vector<float> values(beats * window_samples, 0.5F);
    return npy_header("<f4", {beats, window_samples}) +
           std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

const std::string labels = npy_header("|u1", {2}) + "\0\x03"s;
const std::string recordings = npy_header("<i2", {2}) + "\xc8\0\xc9\0"s;
const std::string splits = npy_header("|S5", {2}) + "trainval\0\0"s;

TEST_F(BeatTable, AnArchiveOfArraysAndArraysOfTheirOwnAreEqual) {
    put("beats.npz",
        make_zip({
            {"x.npy", windows(2), true},
            {"label.npy",       labels      },
            {"record.npy",       recordings},
            {"split.npy",       splits       }
    }));
    const auto archive = read_beat_table(folder_.path());
    ASSERT_TRUE(archive) << archive.error().message;
    EXPECT_THAT(archive->train.records, ElementsAre("200"));
    EXPECT_THAT(archive->val.records, ElementsAre("201"));
    EXPECT_THAT(archive->val.classes, ElementsAre(3));
    std::remove((folder_ / "beats.npz").c_str());
    EXPECT_FALSE(has_beat_table(folder_.path()));
    put("x.npy", windows(2));
    put("label.npy", labels);
    put("record.npy", recordings);
    put("split.npy", splits);
    EXPECT_TRUE(has_beat_table(folder_.path()));
    const auto files = read_beat_table(folder_.path());
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->val.windows, archive->val.windows);
    EXPECT_EQ(files->val.records, archive->val.records);
}

TEST_F(BeatTable, ArraysThatDoNotBelongTogetherAreNamed) {
    put("x.npy", windows(3));
    EXPECT_THAT(error(), HasSubstr("label.npy: there is no such file"));
    put("label.npy", labels);
    put("record.npy", recordings);
    put("split.npy", splits);
    EXPECT_THAT(error(), HasSubstr("label: 2 entries for 3 beats"));
    put("x.npy", npy_header("<f4", {2, 3}) + std::string(24, '\0'));
    EXPECT_THAT(error(), HasSubstr("x: no numbers of shape (beats, 360)"));
    put("beats.npz",
        make_zip({
            {"x.npy", windows(2)}
    }));
    EXPECT_THAT(error(), HasSubstr("beats.npz: no array label"));
}

}  // namespace
}  // namespace xorch::beats
