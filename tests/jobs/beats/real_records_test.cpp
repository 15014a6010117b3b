// The 48 recordings of the MIT-BIH Arrhythmia Database, where XORCH_DATA has them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_class.h"
#include "jobs/beats/data/beat_cutter.h"
#include "jobs/beats/data/wfdb_record.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;
using testing::Pair;

class RealRecords : public testing::Test {
 protected:
    void SetUp() override {
        const char* data = std::getenv("XORCH_DATA");
        folder_ = std::string(data == nullptr ? "" : data) + "/mitbih";
        if (!std::filesystem::exists(folder_ + "/100.dat")) {
            GTEST_SKIP() << "XORCH_DATA names no folder with mitbih/100.dat";
        }
    }

    static std::string bytes_of(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string folder_;
};

std::map<int, int> count_classes(const std::vector<std::uint8_t>& classes) {
    std::map<int, int> counts;
    for (const std::uint8_t beat_class : classes) {
        ++counts[beat_class];
    }
    return counts;
}

TEST_F(RealRecords, G4_11_Recording100IsReadAsItWasWritten) {
    const auto record = read_wfdb(folder_, "100");
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->signals[0].size(), 650000U);
    EXPECT_EQ(record->header.signals[0].checksum, -22131);
    EXPECT_EQ(record->header.signals[1].checksum, 20052);
    EXPECT_EQ(record->annotations.size(), 2274U);
    std::map<char, int> symbols;
    for (const WfdbAnnotation& annotation : record->annotations) {
        ++symbols[wfdb_symbol(annotation.code)];
    }
    EXPECT_THAT(symbols, ElementsAre(Pair('+', 1), Pair('A', 33), Pair('N', 2239), Pair('V', 1)));
    const auto beats = cut_beats(*record, {});
    ASSERT_TRUE(beats) << beats.error().message;
    EXPECT_EQ(beats->lead, "MLII");
    EXPECT_EQ(
        count_classes(beats->classes),
        (std::map<int, int>{
            {0, 2237},
            {1, 33  },
            {2, 1   }
    })
    );
    EXPECT_EQ(beats->tally.at_the_ends, 2);
    // The beat at 77 is too near to the beginning; the next one is at 370.
    EXPECT_EQ(record->annotations[2].time, 370);
    const auto first = beats->windows.begin();
    EXPECT_EQ(first[180], 1.0F);
    EXPECT_NEAR(*std::min_element(first, first + window_samples), -0.180197, 1e-6);
}

TEST_F(RealRecords, All48AreReadWithTheirChecksumsAndTheirPublishedTotals) {
    const std::vector<std::string> names = list_wfdb(folder_);
    EXPECT_EQ(names.size(), 48U);
    std::map<int, int> classes;
    std::vector<std::string> without_mlii;
    std::vector<std::string> mostly_paced;
    std::size_t annotations = 0;
    for (const std::string& name : names) {
        const auto record = read_wfdb(folder_, name);
        ASSERT_TRUE(record) << record.error().message;
        ASSERT_EQ(record->signals.size(), 2U);
        EXPECT_EQ(record->signals[1].size(), 650000U) << name;
        annotations += record->annotations.size();
        for (const WfdbAnnotation& annotation : record->annotations) {
            const auto beat_class = class_of_symbol(wfdb_symbol(annotation.code));
            if (beat_class) ++classes[*beat_class];
        }
        const auto beats = cut_beats(*record, {});
        ASSERT_TRUE(beats) << beats.error().message;
        if (beats->lead != "MLII") without_mlii.push_back(name);
        if (2 * beats->tally.paced > beats->tally.annotations) mostly_paced.push_back(name);
    }
    EXPECT_EQ(annotations, 112647U);
    // Of 109,494 beats in all.
    EXPECT_EQ(
        classes,
        (std::map<int, int>{
            {0, 90631},
            {1, 2781 },
            {2, 7236 },
            {3, 8846 }
    })
    );
    EXPECT_THAT(without_mlii, ElementsAre("102", "104"));
    EXPECT_THAT(mostly_paced, ElementsAre("102", "104", "107", "217"));
}

TEST_F(RealRecords, SamplesAndAnnotationsAreWrittenInTheirOwnBytes) {
    const TemporaryDirectory folder;
    for (const std::string name : {"100", "114", "207"}) {
        const auto record = read_wfdb(folder_, name);
        ASSERT_TRUE(record) << record.error().message;
        ASSERT_TRUE(write_wfdb(folder.path(), *record));
        for (const std::string ending : {".dat", ".atr"}) {
            EXPECT_TRUE(
                bytes_of(folder / (name + ending)) == bytes_of(folder_ + "/" + name + ending)
            ) << name
              << ending;
        }
        const auto again = read_wfdb(folder.path(), name);
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->header, record->header);
    }
}

}  // namespace
}  // namespace xorch::beats
