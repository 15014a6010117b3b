// From recordings to windows with classes, and to splits by patient.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "jobs/beats/data/beat_class.h"
#include "jobs/beats/data/beat_cutter.h"
#include "jobs/beats/data/patient_split.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

WfdbSignal lead(const std::string& name) {
    WfdbSignal signal;
    signal.lead = name;
    return signal;
}

// Two leads of 1000 samples: a ramp, and the same upside down.
WfdbRecord ramps() {
    WfdbRecord record;
    record.header.record = "r";
    record.header.rate = 360.0;
    record.header.signals = {lead("V5"), lead("MLII")};
    record.signals.resize(2);
    for (std::int16_t i = 0; i < 1000; ++i) {
        record.signals[0].push_back(i);
        record.signals[1].push_back(static_cast<std::int16_t>(-i));
    }
    return record;
}

void annotate(WfdbRecord& record, std::int64_t time, char symbol) {
    record.annotations.push_back({.time = time, .code = wfdb_code(symbol)});
}

TEST(BeatWindow, G4_8_TheMeanIsTakenOffAndTheGreatestMagnitudeIsOne) {
    const std::array<double, 4> beat{1, 2, 3, 6};
    std::array<float, 4> normalised{};
    normalise_window(beat, normalised);
    EXPECT_THAT(
        normalised,
        Pointwise(testing::FloatNear(1e-6F), std::array{-2.0F / 3, -1.0F / 3, 0.0F, 1.0F})
    );
}

TEST(BeatWindow, AFlatSignalBecomesZero) {
    const std::array<double, 3> beat{5, 5, 5 + 1e-7};
    std::array<float, 3> normalised{9, 9, 9};
    normalise_window(beat, normalised);
    EXPECT_THAT(normalised, ElementsAre(0, 0, 0));
}

TEST(BeatClass, EachSymbolIsOfItsClassAndMarksAreOfNone) {
    std::map<int, std::string> symbols;
    std::string marks;
    for (const char symbol : std::string("NLRejAaJSVEF/fQ+~|\"x[]!r?nB")) {
        const auto beat_class = class_of_symbol(symbol);
        (beat_class ? symbols[*beat_class] : marks) += symbol;
    }
    EXPECT_EQ(symbols[0], "NLRej");
    EXPECT_EQ(symbols[1], "AaJS");
    EXPECT_EQ(symbols[2], "VE");
    EXPECT_EQ(symbols[3], "F/fQ");
    EXPECT_EQ(marks, "+~|\"x[]!r?nB");
    EXPECT_EQ(class_of_symbol('\0'), std::nullopt);
}

TEST(BeatClass, NamesAndNumbersAreUnderstood) {
    EXPECT_EQ(class_of_name("S"), 1);
    EXPECT_EQ(class_of_name("3"), 3);
    for (const std::string_view name : {"", "4", "n", "10", "NN"}) {
        EXPECT_EQ(class_of_name(name), std::nullopt) << name;
    }
}

TEST(BeatCutter, TheLeadIsFoundByItsName) {
    WfdbRecord record = ramps();
    annotate(record, 500, 'N');
    const auto beats = cut_beats(record, {});
    ASSERT_TRUE(beats) << beats.error().message;
    EXPECT_EQ(beats->lead, "MLII");
    ASSERT_EQ(beats->windows.size(), 360U);
    EXPECT_EQ(beats->windows[0], 1.0F);
    EXPECT_NEAR(beats->windows[180], -0.5 / 179.5, 1e-6) << "the annotation is in the middle";
    EXPECT_EQ(beats->windows[359], -1.0F);
}

TEST(BeatCutter, WithoutItsLeadARecordingGivesItsFirstOneOrNothing) {
    WfdbRecord record = ramps();
    annotate(record, 500, 'N');
    const auto first = cut_beats(record, {.lead = "V1"});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->lead, "V5");
    EXPECT_EQ(first->windows[0], -1.0F);
    const auto none = cut_beats(record, {.lead = "V1", .first_lead_instead = false});
    ASSERT_TRUE(none);
    EXPECT_EQ(none->lead, "");
    EXPECT_TRUE(none->classes.empty());
}

TEST(BeatCutter, ASecondThatReachesTheEndsIsWithin) {
    WfdbRecord record = ramps();
    for (const std::int64_t time : {179, 180, 820, 821, 5000}) {
        annotate(record, time, 'V');
    }
    const auto beats = cut_beats(record, {});
    ASSERT_TRUE(beats);
    EXPECT_THAT(beats->classes, ElementsAre(2, 2));
    EXPECT_EQ(beats->tally, (CutTally{.annotations = 5, .at_the_ends = 3}));
}

TEST(BeatCutter, MarksAreLeftOutOrTakenForOtherBeatsAndCountedBothTimes) {
    WfdbRecord record = ramps();
    annotate(record, 300, '+');
    annotate(record, 400, 'A');
    annotate(record, 500, '~');
    const auto dropped = cut_beats(record, {});
    const auto kept = cut_beats(record, {.marks_as_other = true});
    ASSERT_TRUE(dropped && kept);
    EXPECT_THAT(dropped->classes, ElementsAre(1));
    EXPECT_THAT(kept->classes, ElementsAre(3, 1, 3));
    const CutTally tally{.annotations = 3, .marks = 2};
    EXPECT_EQ(dropped->tally, tally);
    EXPECT_EQ(kept->tally, tally);
}

TEST(BeatCutter, BeatsOfAPacemakerAndTheirFusionsAreCounted) {
    WfdbRecord record = ramps();
    for (const char symbol : {'/', 'f', 'F', 'N'}) {
        annotate(record, 500, symbol);
    }
    const auto beats = cut_beats(record, {});
    ASSERT_TRUE(beats);
    EXPECT_EQ(beats->tally, (CutTally{.annotations = 4, .paced = 2}));
}

TEST(BeatCutter, ABeatWithSamplesThatWereNotMeasuredIsLeftOut) {
    WfdbRecord record = ramps();
    record.signals[1][500] = -2048;
    annotate(record, 319, 'N');
    annotate(record, 320, 'N');
    annotate(record, 321, 'N');
    const auto beats = cut_beats(record, {});
    ASSERT_TRUE(beats);
    EXPECT_EQ(beats->classes.size(), 2U);
    EXPECT_EQ(beats->tally, (CutTally{.annotations = 3, .not_measured = 1}));
}

TEST(BeatCutter, AnotherRateIsRefused) {
    WfdbRecord record = ramps();
    record.header.rate = 250.0;
    EXPECT_THAT(cut_beats(record, {}).error().message, HasSubstr("recorded at 250 Hz, not at 360"));
    record.header.rate = 360.0;
    record.annotations = {
        {.code = 22, .text = "## time resolution: 720"}
    };
    EXPECT_THAT(cut_beats(record, {}).error().message, HasSubstr("steps of another rate: 720"));
    record.annotations[0].text = "## time resolution: 360";
    EXPECT_TRUE(cut_beats(record, {}));
}

TEST(BeatCutter, ALimitKeepsBeatsInTheirOrderWithTheirWindows) {
    WfdbRecord record = ramps();
    for (std::int16_t i = 0; i < 60; ++i) {
        annotate(record, 200 + 10 * i, i % 2 == 0 ? 'N' : 'V');
    }
    const auto all = cut_beats(record, {});
    ASSERT_TRUE(all);
    CutBeats some = *all;
    keep_beats(some, 20, 7);
    EXPECT_EQ(some.classes.size(), 20U);
    EXPECT_EQ(some.windows.size(), 20U * 360);
    EXPECT_EQ(some.tally.over_the_limit, 40);
    EXPECT_GT(std::count(some.classes.begin(), some.classes.end(), 2), 0);
    CutBeats again = *all;
    keep_beats(again, 20, 7);
    EXPECT_EQ(again.classes, some.classes);
    again = *all;
    keep_beats(again, 60, 7);
    EXPECT_EQ(again.classes, all->classes);
    EXPECT_EQ(again.tally, all->tally);
}

TEST(PatientSplit, NoRecordingIsOnBothSides) {
    for (const PatientSplit& split : {report_split(), ds1_ds2_split()}) {
        std::set<std::string_view> names(split.train.begin(), split.train.end());
        EXPECT_EQ(names.size(), split.train.size());
        for (const std::string_view name : split.generalisation) {
            EXPECT_TRUE(names.insert(name).second) << name;
        }
        EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
        EXPECT_TRUE(std::is_sorted(split.generalisation.begin(), split.generalisation.end()));
    }
    EXPECT_EQ(report_split().train.size(), 32U);
    EXPECT_EQ(report_split().generalisation.size(), 15U);
    EXPECT_EQ(ds1_ds2_split().train.size(), 22U);
    EXPECT_EQ(ds1_ds2_split().generalisation.size(), 22U);
}

TEST(PatientSplit, AFifthValidatesButAtLeastOneAndNeverAll) {
    std::vector<std::size_t> shares;
    for (const std::size_t beats : {0U, 1U, 2U, 4U, 9U, 10U, 14U, 15U}) {
        shares.push_back(validation_share(beats));
    }
    EXPECT_THAT(shares, ElementsAre(0, 0, 1, 1, 1, 2, 2, 3));
}

BeatSet beats_of_classes(const std::vector<std::size_t>& counts) {
    BeatSet set;
    for (std::size_t beat_class = 0; beat_class < counts.size(); ++beat_class) {
        CutBeats beats{.record = "10" + std::to_string(beat_class)};
        beats.classes.assign(counts[beat_class], static_cast<std::uint8_t>(beat_class));
        for (std::size_t i = 0; i < counts[beat_class]; ++i) {
            // Tells beats apart.
            const float value = static_cast<float>(set.size() + i) / 1000.0F;
            beats.windows.resize((i + 1) * window_samples, value);
        }
        append_record(set, beats);
    }
    return set;
}

TEST(PatientSplit, ValidationTakesItsShareOfEachClass) {
    const BeatSet all = beats_of_classes({50, 9, 1, 2});
    BeatSet train = all;
    const BeatSet val = take_validation(train, 5);
    std::map<int, int> counts;
    for (const std::uint8_t beat_class : val.classes) {
        ++counts[beat_class];
    }
    EXPECT_EQ(
        counts,
        (std::map<int, int>{
            {0, 10},
            {1, 1 },
            {3, 1 }
    })
    );
    EXPECT_EQ(train.size(), 50U);
    EXPECT_EQ(val.records, all.records);
    std::multiset<float> values;
    for (const BeatSet* set : {&std::as_const(train), &val}) {
        for (std::size_t beat = 0; beat < set->size(); ++beat) {
            values.insert(*set->window(beat));
            EXPECT_EQ(set->record[beat], set->classes[beat]) << "a recording per class here";
        }
    }
    EXPECT_EQ(values.size(), all.size());
    EXPECT_EQ(std::set<float>(values.begin(), values.end()).size(), all.size());
}

TEST(PatientSplit, ASeedDecidesWhichBeatsValidate) {
    const BeatSet all = beats_of_classes({200, 200});
    const auto windows_of = [&all](std::uint64_t seed) {
        BeatSet train = all;
        return take_validation(train, seed).windows;
    };
    EXPECT_EQ(windows_of(1), windows_of(1));
    EXPECT_NE(windows_of(1), windows_of(2));
}

}  // namespace
}  // namespace xorch::beats
