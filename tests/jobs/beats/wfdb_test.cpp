// Recordings in the format of WFDB: what its headers may say, how its files are packed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "jobs/beats/data/wfdb_annotations.h"
#include "jobs/beats/data/wfdb_header.h"
#include "jobs/beats/data/wfdb_record.h"
#include "jobs/beats/data/wfdb_samples.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using namespace std::string_literals;

using Samples = std::vector<std::int16_t>;

std::string header_error(std::string_view text) {
    const auto header = parse_wfdb_header(text);
    return header ? "none" : header.error().message;
}

TEST(WfdbHeader, ARecordingOfTheDatabaseIsRead) {
    const auto header = parse_wfdb_header(
        "100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n"
        "100.dat 212 200 11 1024 1011 20052 0 V5\n# 69 M 1085 1629 x1\n# Aldomet, Inderal\n"
    );
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->record, "100");
    EXPECT_EQ(header->rate, 360.0);
    EXPECT_EQ(header->samples, 650000U);
    ASSERT_EQ(header->signals.size(), 2U);
    const WfdbSignal& signal = header->signals[0];
    EXPECT_EQ(signal.format, WfdbFormat::packed_12);
    EXPECT_EQ(signal.gain, 200.0);
    EXPECT_EQ(signal.baseline, 1024);
    EXPECT_EQ(signal.first_sample, 995);
    EXPECT_EQ(signal.checksum, -22131);
    EXPECT_EQ(signal.lead, "MLII");
    EXPECT_THAT(header->comments, ElementsAre("69 M 1085 1629 x1", "Aldomet, Inderal"));
}

TEST(WfdbHeader, WhatIsUnsaidHasItsDefault) {
    const auto header = parse_wfdb_header("# made\r\n\r\nr 1\r\nr.dat 16\r\n");
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->rate, 250.0);
    EXPECT_EQ(header->samples, std::nullopt);
    EXPECT_EQ(header->signals[0].gain, 200.0);
    EXPECT_EQ(header->signals[0].baseline, 0);
    EXPECT_EQ(header->signals[0].checksum, std::nullopt);
    EXPECT_EQ(header->signals[0].lead, "");
    EXPECT_THAT(header->comments, ElementsAre("made"));
    EXPECT_EQ(parse_wfdb_header("r 1 360 0\nr.dat 16\n")->samples, std::nullopt);
}

TEST(WfdbHeader, EveryFormOfTheNumbersIsRead) {
    const auto header = parse_wfdb_header(
        "r 3 128/360(10) 100 12:00:00 25/11/1990\n"
        "r.dat 16x1:0+24 100.5(-7)/uV 16 5 -3 40000 0 lead with spaces \n"
        "r.dat 16 0 12 9\nother.dat 212 200/mV\n"
    );
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->rate, 128.0);
    const std::vector<WfdbSignal>& signals = header->signals;
    EXPECT_EQ(signals[0].offset, 24U);
    EXPECT_EQ(signals[0].gain, 100.5);
    EXPECT_EQ(signals[0].baseline, -7);
    EXPECT_EQ(signals[0].unit, "uV");
    EXPECT_EQ(signals[0].lead, "lead with spaces");
    EXPECT_EQ(signals[1].gain, 200.0) << "0 means that it is not known";
    EXPECT_EQ(signals[1].baseline, 9) << "the middle of the range where nothing else is said";
    EXPECT_EQ(signals[1].first_sample, 9);
    EXPECT_EQ(signals[2].unit, "mV");
}

TEST(WfdbHeader, WhatIsNotReadIsRefusedWithLineAndReason) {
    EXPECT_THAT(header_error(""), HasSubstr("an empty header"));
    EXPECT_THAT(header_error("# only\n"), HasSubstr("an empty header"));
    EXPECT_THAT(header_error("r/2 1 360 9\n"), HasSubstr("line 1: a recording in segments"));
    EXPECT_THAT(header_error("r many\n"), HasSubstr("line 1: no number of signals: \"many\""));
    EXPECT_THAT(header_error("r 99999\n"), HasSubstr("no number of signals"));
    EXPECT_THAT(header_error("r 1 -360\n"), HasSubstr("no sampling frequency"));
    EXPECT_THAT(header_error("r 1 nan\n"), HasSubstr("no sampling frequency"));
    EXPECT_THAT(header_error("r 1 360 -5\n"), HasSubstr("no number of samples"));
    EXPECT_THAT(header_error("r 2 360\nr.dat 16\n"), HasSubstr("2 signals, of which 1 are"));
    EXPECT_THAT(header_error("r 0 360\nr.dat 16\n"), HasSubstr("line 2: more signals than"));
    const auto signal = [](const std::string& line) { return header_error("r 1\n" + line); };
    EXPECT_THAT(signal("r.dat"), HasSubstr("line 2: a format of samples other than"));
    EXPECT_THAT(signal("r.dat 310"), HasSubstr("other than 212 and 16: \"310\""));
    EXPECT_THAT(signal("r.dat 212x2"), HasSubstr("several samples per frame"));
    EXPECT_THAT(signal("r.dat 212:3"), HasSubstr("a signal with a skew"));
    EXPECT_THAT(signal("r.dat 212+"), HasSubstr("a damaged format"));
    EXPECT_THAT(signal("../r.dat 212"), HasSubstr("not a file beside the header"));
    EXPECT_THAT(signal("- 212"), HasSubstr("not a file beside the header"));
    EXPECT_THAT(signal("r.dat 212 2OO"), HasSubstr("a damaged gain"));
    EXPECT_THAT(signal("r.dat 212 200(1"), HasSubstr("a damaged gain"));
    EXPECT_THAT(signal("r.dat 212 200(x)"), HasSubstr("a damaged baseline"));
    EXPECT_THAT(signal("r.dat 212 inf"), HasSubstr("a damaged gain"));
    EXPECT_THAT(signal("r.dat 212 200 11 99999999999"), HasSubstr("is no number"));
}

TEST(WfdbSamples, G4_9_TwoSamplesShareThreeBytes) {
    EXPECT_THAT(decode_wfdb(WfdbFormat::packed_12, "\x01\x20\xff", 2), ElementsAre(1, 767));
    EXPECT_THAT(decode_wfdb(WfdbFormat::packed_12, "\xe3\x33\xf3", 2), ElementsAre(995, 1011));
}

TEST(WfdbSamples, AnOddSampleOfTwelveBitsTakesTwoBytes) {
    const Samples samples{-2048, 2047, -1};
    const std::string bytes = encode_wfdb(WfdbFormat::packed_12, samples);
    EXPECT_EQ(bytes.size(), 5U);
    EXPECT_EQ(wfdb_bytes(WfdbFormat::packed_12, 3), 5U);
    EXPECT_EQ(wfdb_samples(WfdbFormat::packed_12, 5), 3U);
    EXPECT_EQ(wfdb_samples(WfdbFormat::packed_12, 4), 2U);
    EXPECT_EQ(decode_wfdb(WfdbFormat::packed_12, bytes, 3), samples);
}

TEST(WfdbSamples, SixteenBitsComeLowByteFirst) {
    const Samples samples{-32768, 32767, 258};
    const std::string bytes = encode_wfdb(WfdbFormat::plain_16, samples);
    EXPECT_EQ(bytes.substr(4), "\x02\x01");
    EXPECT_EQ(decode_wfdb(WfdbFormat::plain_16, bytes, 3), samples);
}

TEST(WfdbSamples, AChecksumKeepsItsLowBitsWithTheirSign) {
    EXPECT_EQ(wfdb_checksum({32767, 2}), -32767);
    EXPECT_EQ(wfdb_checksum({-1, -1}), -2);
}

std::string annotation_error(const std::string& bytes) {
    const auto annotations = parse_wfdb_annotations(bytes);
    return annotations ? "none" : annotations.error().message;
}

TEST(WfdbAnnotations, G4_10_TextsAndDistancesBelongToTheirAnnotations) {
    const std::string bytes =
        "\x12\x70\x03\xfc\x28\x4e\x00\x00\x3b\x04\x25\x21\x00\xec\x00\x00\x58\x02\x0a\x14\x00\x00"s;
    const auto annotations = parse_wfdb_annotations(bytes);
    ASSERT_TRUE(annotations) << annotations.error().message;
    std::string read;
    for (const WfdbAnnotation& annotation : *annotations) {
        read += std::to_string(annotation.time) + wfdb_symbol(annotation.code) + ' ';
    }
    EXPECT_EQ(read, "18+ 77N 370A 980V ");
    EXPECT_EQ((*annotations)[0].text, "(N\0"s);
}

TEST(WfdbAnnotations, ChannelAndNumberHoldOnAndASubtypeDoesNot) {
    const std::vector<WfdbAnnotation> written{
        {.time = 5,     .code = 1,   .subtype = -1, .channel = 1, .number = 3, .text = "odd"},
        {.time = 5, .code = 5, .channel = 1, .number = 3, .text = "even"},
        {.time = 2000,             .code = 49,                .channel = 0, .number = -2},
        {.time = 5'000'000'000, .code = 28},
    };
    const auto read = parse_wfdb_annotations(format_wfdb_annotations(written));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, written);
}

TEST(WfdbAnnotations, ADamagedFileIsRefusedWithPlaceAndReason) {
    EXPECT_EQ(annotation_error(""), "byte 0: the file ends without its end mark");
    EXPECT_EQ(annotation_error("\x12\x70"), "byte 2: the file ends without its end mark");
    EXPECT_EQ(annotation_error("\x00\xec\x01"s), "byte 2: the file ends within a distance");
    EXPECT_EQ(annotation_error("\x12\x70\x09\xfc\x28\x4e"), "byte 4: the file ends within a text");
    EXPECT_EQ(annotation_error("\x00\xf0"s), "byte 2: a field of an annotation that there is not");
    EXPECT_EQ(annotation_error("\x00\xc8"s), "byte 2: the unknown code 50");
    EXPECT_EQ(
        annotation_error("\x00\xec\xff\xff\xff\xff"s), "byte 6: a time outside of any recording"
    );
    EXPECT_EQ(
        annotation_error("\x12\x70\x00\xec\xff\xff\xf0\xff\x01\x04"s),
        "byte 10: time runs backwards"
    );
}

TEST(WfdbAnnotations, EverySymbolHasItsCode) {
    EXPECT_EQ(wfdb_code('N'), 1);
    EXPECT_EQ(wfdb_code('/'), 12);
    EXPECT_EQ(wfdb_code('"'), 22);
    EXPECT_EQ(wfdb_code('+'), 28);
    EXPECT_EQ(wfdb_code('f'), 38);
    EXPECT_EQ(wfdb_code('r'), 41);
    EXPECT_EQ(wfdb_symbol(15), '\0');
    EXPECT_EQ(wfdb_symbol(255), '\0');
    EXPECT_EQ(wfdb_code('\0'), 0);
    EXPECT_EQ(wfdb_code('Z'), 0);
}

class WfdbFolder : public testing::Test {
 protected:
    static WfdbRecord made() {
        WfdbRecord record;
        record.header.record = "r";
        record.header.rate = 360.0;
        record.header.comments = {"made for a test"};
        for (const std::string lead : {"MLII", "V5", "V1"}) {
            WfdbSignal signal;
            signal.resolution = 11;
            signal.zero = signal.baseline = 1024;
            signal.lead = lead;
            record.header.signals.push_back(signal);
        }
        record.signals = {
            {1,   2,   3  },
            {-4,  -5,  -6 },
            {700, 800, 900}
        };
        record.annotations = {
            {.time = 2, .code = 1}
        };
        return record;
    }

    void put(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }

    std::string bytes_of(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string error() const {
        const auto record = read_wfdb(folder_.path(), "r");
        return record ? "none" : record.error().message;
    }

    TemporaryDirectory folder_;
};

TEST_F(WfdbFolder, WhatWasReadIsWrittenInEqualBytes) {
    for (const WfdbFormat format : {WfdbFormat::packed_12, WfdbFormat::plain_16}) {
        WfdbRecord record = made();
        record.header.signals[0].format = format;
        ASSERT_TRUE(write_wfdb(folder_.path(), record));
        const auto read = read_wfdb(folder_.path(), "r");
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->signals, record.signals);
        EXPECT_EQ(read->annotations, record.annotations);
        EXPECT_EQ(read->header.samples, 3U);
        const std::vector<std::string> files{"r.hea", "r.dat", "r.atr"};
        std::vector<std::string> before;
        for (const std::string& file : files) {
            before.push_back(bytes_of(file));
        }
        ASSERT_TRUE(write_wfdb(folder_.path(), *read));
        for (std::size_t i = 0; i < files.size(); ++i) {
            EXPECT_EQ(bytes_of(files[i]), before[i]) << files[i];
        }
    }
}

TEST_F(WfdbFolder, SignalsMayStandInSeveralFilesOfSeveralFormats) {
    put("r.hea", "r 3 360\na.dat 16\na.dat 16\nb.dat 212+2\n");
    put("a.dat", "\x01\x00\x02\x00\x03\x00\x04\x00"s);
    put("b.dat", "xx\x01\x20\xff"s);
    put("r.atr", "\0\0"s);
    const auto record = read_wfdb(folder_.path(), "r");
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_THAT(
        record->signals, ElementsAre(ElementsAre(1, 3), ElementsAre(2, 4), ElementsAre(1, 767))
    );
}

TEST_F(WfdbFolder, AChangedSampleIsFoundByItsChecksum) {
    ASSERT_TRUE(write_wfdb(folder_.path(), made()));
    std::string bytes = bytes_of("r.dat");
    bytes[0] = 9;
    put("r.dat", bytes);
    EXPECT_THAT(
        error(),
        HasSubstr("r.dat: the samples of lead \"MLII\" sum up to 14, not to 6 as the header says")
    );
}

TEST_F(WfdbFolder, AMissingOrShortFileIsNamed) {
    EXPECT_THAT(error(), HasSubstr("r.hea: there is no such file"));
    ASSERT_TRUE(write_wfdb(folder_.path(), made()));
    put("r.dat", bytes_of("r.dat").substr(1));
    EXPECT_THAT(error(), HasSubstr("r.dat: 2 samples of each signal, not 3 as the header says"));
    std::filesystem::remove(folder_ / "r.atr");
    put("r.hea", "r 0\n");
    EXPECT_THAT(error(), HasSubstr("r.atr: there is no such file"));
    put("r.hea", "r 1\nr.hea 99\n");
    EXPECT_THAT(error(), HasSubstr("r.hea: line 2: a format of samples"));
    put("r.hea", "r 3\nr.dat 16\nother 16\nr.dat 16\n");
    EXPECT_THAT(error(), HasSubstr("r.dat: its signals are not listed one after another"));
    put("r.hea", "r 2\nr.dat 16\nr.dat 212\n");
    EXPECT_THAT(error(), HasSubstr("r.dat: its signals differ in format or offset"));
}

TEST_F(WfdbFolder, RecordingsAreListedByTheirHeaders) {
    EXPECT_THAT(list_wfdb(folder_ / "nowhere"), IsEmpty());
    for (const std::string name : {"b.hea", "a.hea", "a.dat", "c.atr"}) {
        put(name, "");
    }
    EXPECT_THAT(list_wfdb(folder_.path()), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace xorch::beats
