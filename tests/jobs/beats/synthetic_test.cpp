// Made patients.

#include "jobs/beats/data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_cutter.h"
#include "jobs/beats/data/patient_split.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;

// They take a while to make.
const std::vector<WfdbRecord>& patients_of_seed_3() {
    static const std::vector<WfdbRecord> records = make_patients(3);
    return records;
}

TEST(MadePatients, HaveTheImbalanceOfTheReportAndMarksThatAreNoBeats) {
    std::array<std::size_t, class_count> to_learn{};
    std::array<std::size_t, class_count> to_generalise{};
    std::int64_t marks = 0;
    const PatientSplit split = report_split();
    const auto& records = patients_of_seed_3();
    ASSERT_EQ(records.size(), 47U);
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto beats = cut_beats(records[i], {});
        ASSERT_TRUE(beats) << beats.error().message;
        auto& counts = i < split.train.size() ? to_learn : to_generalise;
        for (const std::uint8_t beat_class : beats->classes) {
            ++counts[beat_class];
        }
        marks += beats->tally.marks;
        EXPECT_EQ(beats->tally.at_the_ends, 0);
        EXPECT_EQ(beats->tally.not_measured, 0);
    }
    EXPECT_THAT(to_learn, ElementsAre(3400, 141, 160, 517));
    EXPECT_THAT(to_generalise, ElementsAre(1594, 66, 75, 242));
    EXPECT_GT(marks, 47);
}

TEST(MadePatients, HaveTheirLeadsWhereTheRealOnesHaveThem) {
    for (const WfdbRecord& record : patients_of_seed_3()) {
        const std::string& name = record.header.record;
        const auto beats = cut_beats(record, {});
        ASSERT_TRUE(beats);
        const bool without = name == "102" || name == "104";
        EXPECT_EQ(beats->lead, without ? "V5" : "MLII") << name;
        EXPECT_EQ(record.header.signals[0].lead == "MLII", !without && name != "114") << name;
    }
}

TEST(MadePatients, AreReadFromFilesAsTheyWereMade) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(make_beats(folder.path(), 3));
    EXPECT_EQ(list_wfdb(folder.path()).size(), 47U);
    for (const WfdbRecord& record : patients_of_seed_3()) {
        const auto read = read_wfdb(folder.path(), record.header.record);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->signals, record.signals);
        EXPECT_EQ(read->annotations, record.annotations);
    }
}

TEST(MadePatients, DependOnTheSeed) {
    // Equal seeds: the test above.
    EXPECT_NE(patients_of_seed_3()[5].signals, make_patients(4)[5].signals);
}

}  // namespace
}  // namespace xorch::beats
