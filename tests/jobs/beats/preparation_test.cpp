// From a folder to splits, with an account of each recording.

#include "jobs/beats/data/preparation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "jobs/beats/data/synthetic.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

void nobody_listens(std::size_t, std::size_t) {}

// The made recordings are the same for all tests of this program.
class BeatPreparation : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        folder_ = new TemporaryDirectory;
        ASSERT_TRUE(make_beats(folder_->path(), 3));
    }

    static void TearDownTestSuite() {
        delete folder_;
        folder_ = nullptr;
    }

    static PreparationOptions options() { return {.data = folder_->path(), .cut = {}, .seed = 3}; }

    static Preparation prepared(const PreparationOptions& options) {
        auto preparation = prepare_beats(options, nobody_listens);
        EXPECT_TRUE(preparation) << preparation.error().message;
        return preparation ? std::move(*preparation) : Preparation{};
    }

    static std::string error(const PreparationOptions& options) {
        const auto preparation = prepare_beats(options, nobody_listens);
        return preparation ? "none" : preparation.error().message;
    }

    static const PreparedRecord& of(const Preparation& preparation, std::string_view name) {
        const auto is_it = [name](const PreparedRecord& record) { return record.record == name; };
        return *std::find_if(preparation.records.begin(), preparation.records.end(), is_it);
    }

    static TemporaryDirectory* folder_;
};

TemporaryDirectory* BeatPreparation::folder_ = nullptr;

std::int64_t sum(const BeatCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

TEST_F(BeatPreparation, EachClassIsSplitByAFifth) {
    const Preparation preparation = prepared(options());
    const BeatSplits& beats = preparation.beats;
    const auto counts = [](const BeatSet& set) {
        BeatCounts of_class{};
        for (const std::uint8_t beat_class : set.classes) {
            ++of_class[beat_class];
        }
        return of_class;
    };
    EXPECT_THAT(counts(beats.train), ElementsAre(2720, 113, 128, 414));
    EXPECT_THAT(counts(beats.val), ElementsAre(680, 28, 32, 103));
    EXPECT_THAT(counts(beats.generalisation), ElementsAre(1594, 66, 75, 242));
    EXPECT_EQ(beats.train.records.size(), 32U);
    EXPECT_EQ(beats.val.records, beats.train.records);
    EXPECT_EQ(beats.generalisation.records.size(), 15U);
}

TEST_F(BeatPreparation, EveryAnnotationIsAccountedFor) {
    const Preparation preparation = prepared(options());
    ASSERT_EQ(preparation.records.size(), 47U);
    std::int64_t beats = 0;
    for (const PreparedRecord& record : preparation.records) {
        EXPECT_EQ(
            sum(record.beats) + record.tally.marks + record.tally.at_the_ends +
                record.tally.not_measured + record.tally.over_the_limit,
            record.tally.annotations
        ) << record.record;
        EXPECT_EQ(sum(record.val) > 0, record.split == "train") << record.record;
        beats += sum(record.beats);
    }
    EXPECT_EQ(beats, 3400 + 141 + 160 + 517 + 1594 + 66 + 75 + 242);
}

TEST_F(BeatPreparation, WhatAReaderShouldKnowHasAName) {
    const Preparation preparation = prepared(options());
    EXPECT_THAT(of(preparation, "100").checks, testing::ElementsAre("NON_BEAT_DROPPED"));
    EXPECT_THAT(
        of(preparation, "102").checks, testing::ElementsAre("NON_BEAT_DROPPED", "LEAD_SUBSTITUTED")
    );
    EXPECT_EQ(of(preparation, "102").lead, "V5");
    EXPECT_EQ(of(preparation, "114").lead, "MLII");
    PreparationOptions compatible = options();
    compatible.cut.marks_as_other = true;
    compatible.cut.first_lead_instead = false;
    const Preparation other = prepared(compatible);
    EXPECT_THAT(of(other, "100").checks, testing::ElementsAre("NON_BEAT_AS_OTHER"));
    EXPECT_THAT(of(other, "102").checks, testing::ElementsAre("LEAD_MISSING"));
    EXPECT_EQ(sum(of(other, "102").beats), 0);
    // A mark at the very beginning has no second around it.
    EXPECT_EQ(
        sum(of(other, "100").beats) - sum(of(preparation, "100").beats),
        of(other, "100").tally.marks - 1
    );
}

TEST_F(BeatPreparation, ThePublishedSplitNamesThePatientOfTwoRecordings) {
    PreparationOptions published = options();
    published.ds1_ds2 = true;
    const Preparation preparation = prepared(published);
    EXPECT_THAT(of(preparation, "201").checks, testing::Contains("PATIENT_ON_BOTH_SIDES"));
    EXPECT_THAT(of(preparation, "202").checks, testing::Contains("PATIENT_ON_BOTH_SIDES"));
    EXPECT_THAT(of(preparation, "102").checks, testing::ElementsAre("RECORD_UNUSED"));
    EXPECT_EQ(of(preparation, "102").split, "");
    EXPECT_EQ(preparation.beats.train.records.size(), 22U);
    EXPECT_EQ(preparation.beats.generalisation.records.size(), 22U);
}

TEST_F(BeatPreparation, ARecordingOfAPacemakerIsNamed) {
    const TemporaryDirectory few;
    for (const std::string name : {"100", "106"}) {
        auto record = read_wfdb(folder_->path(), name);
        ASSERT_TRUE(record) << record.error().message;
        for (WfdbAnnotation& annotation : record->annotations) {
            const bool beat = wfdb_symbol(annotation.code) == 'N';
            if (beat && name == "106") annotation.code = wfdb_code('/');
        }
        ASSERT_TRUE(write_wfdb(few.path(), *record));
    }
    PreparationOptions partial = options();
    partial.data = few.path();
    partial.allow_missing = true;
    const Preparation preparation = prepared(partial);
    EXPECT_THAT(of(preparation, "100").checks, testing::ElementsAre("NON_BEAT_DROPPED"));
    EXPECT_THAT(
        of(preparation, "106").checks, testing::ElementsAre("NON_BEAT_DROPPED", "MOSTLY_PACED")
    );
    EXPECT_GT(of(preparation, "106").tally.paced, of(preparation, "106").beats[0]);
}

TEST_F(BeatPreparation, FilesAndMemoryGiveEqualBeats) {
    PreparationOptions made = options();
    made.data = "";
    EXPECT_EQ(prepared(made).beats.val.windows, prepared(options()).beats.val.windows);
}

TEST_F(BeatPreparation, ALimitHoldsForEachRecording) {
    PreparationOptions limited = options();
    limited.beats_max = 20;
    const Preparation preparation = prepared(limited);
    for (const PreparedRecord& record : preparation.records) {
        EXPECT_EQ(sum(record.beats), 20) << record.record;
        EXPECT_GT(record.tally.over_the_limit, 0) << record.record;
    }
}

TEST_F(BeatPreparation, MissingRecordingsAreNamedUnlessTheyMayBe) {
    const TemporaryDirectory few;
    for (const std::string name : {"100", "106", "217"}) {
        for (const std::string ending : {".hea", ".dat", ".atr"}) {
            const std::string from = name == "217" ? "200" : name;
            fs::copy_file(folder_->path() + "/" + from + ending, few / (name + ending));
        }
    }
    PreparationOptions partial = options();
    partial.data = few.path();
    EXPECT_THAT(error(partial), HasSubstr("recordings of the split are not there: 101 102 103"));
    EXPECT_THAT(error(partial), Not(HasSubstr("100")));
    partial.allow_missing = true;
    const Preparation preparation = prepared(partial);
    EXPECT_THAT(preparation.beats.train.records, ElementsAre("100"));
    EXPECT_THAT(of(preparation, "217").checks, testing::ElementsAre("RECORD_UNUSED"));
    fs::remove(few / "106.dat");
    EXPECT_THAT(error(partial), HasSubstr("106.dat: there is no such file"));
    for (const std::string ending : {".hea", ".atr"}) {
        fs::remove(few / ("106" + ending));
    }
    EXPECT_THAT(error(partial), HasSubstr("and 0 to generalise to: none may be 0"));
}

TEST_F(BeatPreparation, AFolderWithoutBeatsSaysWhatItLooksFor) {
    const TemporaryDirectory empty;
    PreparationOptions nothing = options();
    nothing.data = empty.path();
    EXPECT_THAT(error(nothing), HasSubstr("no recordings (.hea, .dat, .atr) and no beats"));
    nothing.data = empty / "nowhere";
    EXPECT_THAT(error(nothing), HasSubstr("nowhere: no recordings"));
}

TEST_F(BeatPreparation, BeatsThatSomebodyElseCutAreCountedByTheirRecordings) {
    const TemporaryDirectory table;
    std::ofstream file(table / "beats.csv");
    for (int i = 0; i < window_samples; ++i) {
        file << "x" << i << ",";
    }
    file << "label,record,split\n";
    for (const std::string rest : {"N,a,train", "V,a,val", "S,b,generalisation"}) {
        for (int i = 0; i < window_samples; ++i) {
            file << i << ",";
        }
        file << rest << "\n";
    }
    file.close();
    PreparationOptions cut = options();
    cut.data = table.path();
    const Preparation preparation = prepared(cut);
    ASSERT_EQ(preparation.records.size(), 2U);
    EXPECT_EQ(preparation.records[0].split, "train");
    EXPECT_THAT(preparation.records[0].beats, ElementsAre(1, 0, 1, 0));
    EXPECT_THAT(preparation.records[0].val, ElementsAre(0, 0, 1, 0));
    EXPECT_THAT(preparation.records[1].beats, ElementsAre(0, 1, 0, 0));
}

}  // namespace
}  // namespace xorch::beats
