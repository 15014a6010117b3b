#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/record.h"
#include "tests/worker/attempt/harness.h"
#include "worker/attempt/records/records_merge.h"
#include "worker/attempt/records/records_read.h"
#include "worker/attempt/records/records_stdout.h"

namespace xorch {
namespace {

using testing::HasSubstr;

TEST(RecordsOfAUnit, AreWhatItAppendsToItsRecordsFile) {
    AttemptHarness harness;
    harness.stage().records.required = {"acc"};
    harness.shell(
        "echo '{{\"acc\": 0.5}}' >> $XORCH_RECORDS; echo '{{\"acc\": 0.75}}' >> $XORCH_RECORDS"
    );
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_EQ(end.rows, "{\"acc\":0.5}\n{\"acc\":0.75}\n");
}

TEST(RecordsOfAUnit, AMissingColumnIsARecordsFailureThatNamesIt) {
    AttemptHarness harness;
    harness.stage().records.required = {"acc", "f1"};
    harness.shell("echo '{{\"acc\": 0.5}}' >> $XORCH_RECORDS");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::records);
    EXPECT_THAT(end.message, HasSubstr("no column \"f1\"; it has: acc"));
}

TEST(RecordsOfAUnit, NoneAtAllIsARecordsFailureIfOneIsRequired) {
    AttemptHarness harness;
    harness.stage().records.required = {"acc"};
    harness.shell("true");
    EXPECT_EQ(harness.run().cause, Cause::records);
}

TEST(RecordsOfAUnit, AMalformedLineIsNamed) {
    AttemptHarness harness;
    harness.shell("printf '{{\"acc\": 1}}\\n{{\"acc\": \\n' > $XORCH_RECORDS");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::records);
    EXPECT_THAT(end.message, HasSubstr("record line 2"));
}

TEST(RecordsOfAUnit, ANaNIsKeptAndFlagged) {
    AttemptHarness harness;
    harness.stage().records.required = {"loss"};
    harness.shell("echo '{{\"loss\": NaN}}' > $XORCH_RECORDS");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_EQ(end.rows, "{\"loss\":NaN}\n");
    EXPECT_THAT(end.message, HasSubstr("loss = nan"));
}

TEST(RecordsOfAUnit, PathsBelowItsFoldersAreRelative) {
    AttemptHarness harness;
    harness.shell(
        "echo \"{{\\\"model\\\": \\\"$XORCH_OUT/m.pt\\\", \\\"sh\\\": \\\"/bin/sh\\\"}}\" > "
        "$XORCH_RECORDS"
    );
    EXPECT_EQ(harness.run().rows, "{\"model\":\"m.pt\",\"sh\":\"/bin/sh\"}\n");
}

TEST(RecordsOfAUnit, ComeFromTheLinesItPrints) {
    AttemptHarness harness;
    harness.stage().records.from.stdout_pattern = "epoch (?<epoch>\\d+) val_acc=(?<acc>\\S+)";
    harness.stage().records.required = {"acc"};
    harness.shell(
        "echo start; echo 'epoch 1 val_acc=0.5'; echo err >&2; printf 'x\\repoch 2 val_acc=nan'"
    );
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_EQ(end.rows, "{\"epoch\":1,\"acc\":0.5}\n{\"epoch\":2,\"acc\":NaN}\n");
    EXPECT_THAT(harness.output_of(end), HasSubstr("err\n"));
}

TEST(RecordsOfAUnit, APatternThatNeverMatchesIsARecordsFailure) {
    AttemptHarness harness;
    harness.stage().records.from.stdout_pattern = "val_acc=(?<acc>\\S+)";
    harness.shell("echo accuracy 0.5");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::records);
    EXPECT_THAT(end.message, HasSubstr("val_acc="));
}

TEST(RecordsOfAUnit, ComeFromACsvFileInItsOutFolderOrTheWorkingDirectory) {
    for (const char* place : {"$XORCH_OUT/metrics.csv", "metrics.csv"}) {
        AttemptHarness harness;
        harness.stage().records.from.csv = "metrics.csv";
        harness.shell(std::string("printf 'epoch,acc,note\\n1,0.5,\"a, b\"\\n2,,x\\n' > ") + place);
        const AttemptEnd end = harness.run();
        EXPECT_EQ(
            end.rows, "{\"epoch\":1,\"acc\":0.5,\"note\":\"a, b\"}\n{\"epoch\":2,\"note\":\"x\"}\n"
        ) << place
          << end.message;
    }
}

TEST(RecordsOfAUnit, AMissingRecordFileNamesBothPlaces) {
    AttemptHarness harness;
    harness.stage().records.from.json = "result.json";
    harness.shell("true");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::records);
    EXPECT_THAT(end.message, HasSubstr(harness.directory() + "/result.json"));
}

TEST(RecordsOfAUnit, ComeFromAJsonFile) {
    AttemptHarness harness;
    harness.stage().records.from.json = "result.json";
    harness.shell("echo '{{\"acc\": 1, \"name\": \"x\"}}' > $XORCH_OUT/result.json");
    EXPECT_EQ(harness.run().rows, "{\"acc\":1,\"name\":\"x\"}\n");
}

TEST(JsonRows, GiveNestedValuesNamesWithDotsAndKeepArraysAsText) {
    const std::string nested = R"({"val": {"acc": 1, "per": {"a": NaN}}, "confusion": [[1, 2]]})";
    const std::string flat = R"({"val.acc":1,"val.per.a":NaN,"confusion":"[[1,2]]"})";
    const auto json = parse_json_rows("[" + nested + "]");
    ASSERT_TRUE(json) << json.error().message;
    EXPECT_EQ(format_rows(*json), flat + "\n");
    const auto jsonl = parse_jsonl_rows(nested + "\n\n" + nested);
    ASSERT_TRUE(jsonl) << jsonl.error().message;
    EXPECT_EQ(format_rows(*jsonl), flat + "\n" + flat + "\n");
}

TEST(JsonRows, NameALineThatIsNone) {
    const auto rows = parse_jsonl_rows("{\"a\": 1}\n{\"a\": \n");
    ASSERT_FALSE(rows);
    EXPECT_THAT(rows.error().message, HasSubstr("record line 2"));
}

TEST(CsvRows, ARepeatedHeaderIsSkipped) {
    const auto rows = parse_csv_rows("a\tb\n1\t2\na\tb\n3\t4\n");
    ASSERT_TRUE(rows);
    EXPECT_EQ(format_rows(*rows), "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n");
}

TEST(CsvRows, AShortLineIsNamed) {
    const auto rows = parse_csv_rows("a,b\n1,2\n3\n");
    ASSERT_FALSE(rows);
    EXPECT_THAT(rows.error().message, HasSubstr("line 3: 1 cells, but the header has 2"));
}

TEST(TypedCell, KeepsNumbersAndTextApart) {
    EXPECT_EQ(typed_cell("3"), Value(3));
    EXPECT_EQ(typed_cell("+3"), Value(3));
    EXPECT_EQ(typed_cell("1e-3"), Value(0.001));
    EXPECT_EQ(typed_cell("-inf"), Value(-std::numeric_limits<double>::infinity()));
    EXPECT_EQ(typed_cell("3 epochs"), Value("3 epochs"));
    EXPECT_EQ(typed_cell("0x10"), Value("0x10"));
}

TEST(TypedCell, LeavesAHashOfDigitsAroundAnEAsText) {
    for (const char* hash : {"12e45", "00e1", "123e7", "77E12", "4711e0815"})
        EXPECT_EQ(typed_cell(hash), Value(hash));
    // As Python, C and people spell floats.
    EXPECT_EQ(typed_cell("1e+46"), Value(1e46));
    EXPECT_EQ(typed_cell("12e-45"), Value(12e-45));
    EXPECT_EQ(typed_cell("1.2e45"), Value(1.2e45));
    EXPECT_EQ(typed_cell("-12e45"), Value(-12e45));
    EXPECT_EQ(typed_cell("1e6"), Value(1e6));
}

TEST(TypedCell, LosesNoDigitOfAnIdThatIsTooLongForAnInteger) {
    EXPECT_EQ(typed_cell("9223372036854775807"), Value(9223372036854775807));
    EXPECT_EQ(typed_cell("9223372036854775808"), Value("9223372036854775808"));
    EXPECT_EQ(
        typed_cell("12345678901234567890123456789012"), Value("12345678901234567890123456789012")
    );
}

TEST(StdoutRows, APatternThatExplodesDoesNotStopTheLoop) {
    auto rows = StdoutRows::make("^(?<a>(x+x+)+y)$");
    ASSERT_TRUE(rows);
    rows->add(std::string(5000, 'x') + "\nxxy\n");
    ASSERT_EQ(rows->rows().size(), 1U);
}

TEST(StdoutRows, RefusesAPatternWithoutANamedGroupOrWithAMistake) {
    EXPECT_FALSE(StdoutRows::make("acc=(.*)"));
    const auto mistake = StdoutRows::make("acc=(?<acc>.*");
    ASSERT_FALSE(mistake);
    EXPECT_THAT(mistake.error().message, HasSubstr("at character"));
}

TEST(StdoutRows, BinaryJunkIsNoRow) {
    auto rows = StdoutRows::make("acc=(?<acc>\\d+)");
    ASSERT_TRUE(rows);
    std::string junk(1 << 20, '\0');
    for (std::size_t i = 0; i < junk.size(); ++i)
        junk[i] = static_cast<char>(i * 7919 % 251);
    rows->add(junk);
    rows->add("\nacc=5\n");
    ASSERT_EQ(rows->rows().size(), 1U);
}

std::vector<Object> epochs(std::vector<int> numbers) {
    std::vector<Object> rows;
    for (const int number : numbers)
        rows.push_back({
            {"epoch", number      },
            {"time",  0.5 * number}
        });
    return rows;
}

std::string merged(const std::string& earlier, std::vector<Object> rows) {
    auto parsed = parse_earlier_rows(earlier);
    EXPECT_TRUE(parsed);
    return parsed ? format_rows(merge_rows(std::move(*parsed), std::move(rows))) : "";
}

TEST(MergedRows, RowsAfterTheCheckpointThatAreRepeatedCountOnce) {
    const std::string earlier = format_rows(epochs({1, 2})) + "\n" + format_rows(epochs({3, 4}));
    EXPECT_EQ(merged(earlier, epochs({3, 4, 5})), format_rows(epochs({1, 2, 3, 4, 5})));
    EXPECT_EQ(merged(earlier, epochs({4, 5})), format_rows(epochs({1, 2, 3, 4, 5})));
    EXPECT_EQ(merged(earlier, epochs({5, 6})), format_rows(epochs({1, 2, 3, 4, 5, 6})));
}

TEST(MergedRows, RowsBeforeTheCheckpointAreNeverTakenForRepeated) {
    const std::string earlier = "{\"acc\":0.5}\n{\"acc\":0.5}\n";
    EXPECT_EQ(merged(earlier, {{{"acc", 0.5}}}), earlier + "{\"acc\":0.5}\n");
}

TEST(MergedRows, AWholeHistoryWrittenAgainIsTakenAtItsWord) {
    EXPECT_EQ(
        merged("\n" + format_rows(epochs({1, 2})), epochs({1, 2, 3})),
        format_rows(epochs({1, 2, 3}))
    );
}

TEST(MergedRows, OfACheckpointKeepWhatSurelyPrecedesItApart) {
    const EarlierRows first = extend_rows({}, epochs({1, 2, 3}), 2);
    EXPECT_EQ(
        format_earlier_rows(first), format_rows(epochs({1, 2})) + "\n" + format_rows(epochs({3}))
    );
    EXPECT_EQ(format_earlier_rows(extend_rows(first, {}, 0)), format_earlier_rows(first));
    const EarlierRows second = extend_rows(first, epochs({3, 4, 5}), 2);
    EXPECT_EQ(
        format_earlier_rows(second),
        format_rows(epochs({1, 2, 3, 4})) + "\n" + format_rows(epochs({5}))
    );
}

TEST(MergedRows, OfACheckpointDropWhatIsAboutToBeRepeated) {
    const EarlierRows first = extend_rows({}, epochs({1, 2, 3, 4}), 1);
    const EarlierRows second = extend_rows(first, epochs({2}), 1);
    EXPECT_EQ(format_earlier_rows(second), format_rows(epochs({1, 2})));
}

TEST(MergedRows, OfAFileThatWasWrittenAnewAreThatFiles) {
    EarlierRows earlier{.certain = epochs({1, 2}), .uncertain = epochs({3})};
    std::vector<Object> rows = epochs({7});
    take_off_earlier(earlier, rows);
    EXPECT_EQ(format_rows(merge_rows(earlier, rows)), format_rows(epochs({7})));
}

}  // namespace
}  // namespace xorch
