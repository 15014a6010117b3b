#include "coordinator/report/tables/record_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/report/tables/equal_records.h"
#include "coordinator/report/tables/record_sink.h"
#include "coordinator/report/tables/row_filter.h"
#include "coordinator/report/tables/row_order.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string print(RecordTable& table, RecordFormat format) {
    std::string text;
    const auto sink = make_record_sink(format, [&](std::string_view bytes) -> Result<void> {
        text += bytes;
        return {};
    });
    EXPECT_TRUE(sink->begin(table.columns()));
    EXPECT_TRUE(table.visit([&](const TableRow& row) { return sink->add(row.cells); }));
    EXPECT_TRUE(sink->end());
    return text;
}

std::string print(const SweepReader& sweep, RecordFormat format) {
    auto table = RecordTable::open(sweep, StageIndex{0});
    EXPECT_TRUE(table) << table.error().message;
    return print(*table, format);
}

std::vector<std::string> cells_of(const SweepReader& sweep, const std::string& column) {
    auto table = RecordTable::open(sweep, StageIndex{0});
    EXPECT_TRUE(table) << table.error().message;
    const auto place = find_column(table->columns(), column);
    EXPECT_TRUE(place);
    std::vector<std::string> cells;
    EXPECT_TRUE(table->visit([&](const TableRow& row) -> Result<void> {
        cells.push_back(format_cell(row.cells[*place]));
        return {};
    }));
    return cells;
}

// What of a TSV line is no provenance.
std::string without_provenance(const std::string& tsv) {
    std::string kept;
    std::size_t begin = 0;
    while (begin < tsv.size()) {
        const std::size_t newline = tsv.find('\n', begin);
        std::size_t end = newline;
        for (std::size_t tabs = 0; tabs < provenance_columns().size(); ++tabs) {
            end = tsv.rfind('\t', end - 1);
        }
        kept += tsv.substr(begin, end - begin) + "\n";
        begin = newline + 1;
    }
    return kept;
}

TEST(RecordTable, HasStageAxesMetricsAndProvenanceInThisOrder) {
    SampleSweep sample;
    sample.finish(0, "{\"loss\": 0.5}\n");
    const SweepReader sweep = sample.read();
    const auto table = RecordTable::open(sweep, StageIndex{0});
    std::vector<std::string> names;
    for (const Column& column : table->columns()) {
        names.push_back(column.name);
    }
    EXPECT_THAT(
        names,
        ElementsAre(
            "stage",
            "lr",
            "repeat",
            "loss",
            "unit_id",
            "attempt",
            "status",
            "reason",
            "node",
            "allocation",
            "checkpoint_step",
            "env_key",
            "code_hash",
            "config_hash",
            "data_hash",
            "started",
            "finished",
            "wall_s",
            "promoted_from"
        )
    );
}

TEST(RecordTable, WritesTheWholeProvenanceOfARow) {
    SampleSweep sample;
    sample.assign(1);
    AttemptEnd end = sample.end(Cause::none);
    end.rows = "{\"loss\": 0.5}\n";
    end.checkpoint_step = 12;
    end.message = "not finite in the last record: m = nan";
    sample.write({
        UnitFinished{.unit = sample.key(1), .attempt = AttemptNumber{1}, .end = end}
    });
    const SweepReader sweep = sample.read();
    const std::string tsv = print(sweep, RecordFormat::tsv);
    const std::string id = format_unit_id(sweep.plan().id(sample.key(1)));
    const std::string config = cells_of(sweep, "config_hash").front();
    EXPECT_EQ(config.size(), 32U);
    EXPECT_EQ(
        tsv.substr(tsv.find('\n') + 1),
        "train\t0.1\t1\t0.5\t" + id +
            "\t1\tdone\tnot finite in the last record: m = nan\tnode1\t1\t12\tenv1\t\t" + config +
            "\t\t2025-11-21T08:05:00Z\t2025-11-21T08:05:01Z\t1.5\t\n"
    );
}

TEST(RecordTable, HashesTheDataOfEachUnitAndNotOfItsWholeStage) {
    Sweep sweep = SampleSweep::sweep_of_six();
    Stage& train = sweep.stages.front();
    train.axes.front() = {
        .name = "data", .values = {"/data/a",              "/data/b"},
             .when = {                      }
    };
    train.path_hashes = {
        {"data", {{"/data/a", "aaaa"}, {"/data/b", "bbbb"}}}
    };
    SampleSweep sample(sweep);
    sample.finish(0, "{\"loss\": 0.5}\n");
    sample.finish(3, "{\"loss\": 0.5}\n");
    EXPECT_THAT(cells_of(sample.read(), "data_hash"), ElementsAre("aaaa", "bbbb"));
}

TEST(RecordTable, SaysThatAnotherConstantIsAnotherConfiguration) {
    const auto config_of = [](double momentum, const char* label) {
        Sweep sweep = SampleSweep::sweep_of_six();
        sweep.name = label;
        sweep.stages.front().params = {
            {"momentum", momentum}
        };
        SampleSweep sample(sweep);
        sample.finish(0, "{\"loss\": 0.5}\n");
        return cells_of(sample.read(), "config_hash").front();
    };
    EXPECT_NE(config_of(0.5, "a"), config_of(0.9, "a"));
    EXPECT_EQ(config_of(0.5, "a"), config_of(0.5, "b"));
}

TEST(RecordTable, FindsEveryColumnWhateverTheirValuesLookLike) {
    SampleSweep sample;
    sample.finish(0, "{\"a\": \"b\\\": \", \"c\": 1}\n");
    sample.finish(1, "{\"a\":\"c\" , \"c\" :2}\n");
    sample.finish(2, "{\"a\": 1}\n{\"a\": 1, \"d\": \"\"}\n");
    const SweepReader sweep = sample.read();
    const auto table = RecordTable::open(sweep, StageIndex{0});
    ASSERT_TRUE(table);
    std::vector<std::string> metrics;
    for (const Column& column : table->columns()) {
        if (column.kind == ColumnKind::metric) metrics.push_back(column.name);
    }
    EXPECT_THAT(metrics, ElementsAre("a", "c", "d"));
}

TEST(RecordTable, IsInPlanOrderWhateverTheOrderOfEnding) {
    SampleSweep forward;
    SampleSweep backward;
    for (std::uint32_t i = 0; i < 6; ++i) {
        const auto rows = [](std::uint32_t unit) {
            // Each unit has a metric of its own too, so that the order of columns is at stake.
            return "{\"loss\": " + std::to_string(unit) + ", \"m" + std::to_string(unit) +
                   "\": 1}\n";
        };
        forward.finish(i, rows(i));
        backward.finish(5 - i, rows(5 - i));
    }
    const SweepReader left = forward.read();
    const SweepReader right = backward.read();
    EXPECT_EQ(
        without_provenance(print(left, RecordFormat::tsv)),
        without_provenance(print(right, RecordFormat::tsv))
    );
    const auto difference = first_difference(left, right);
    ASSERT_TRUE(difference);
    EXPECT_EQ(*difference, std::nullopt);
}

TEST(RecordTable, KeepsNanInfinityAndMissingApart) {
    SampleSweep sample;
    sample.finish(0, "{\"a\": NaN, \"b\": Infinity}\n");
    sample.finish(1, "{\"b\": -Infinity, \"c\": 2.0}\n");
    const SweepReader sweep = sample.read();
    EXPECT_EQ(
        without_provenance(print(sweep, RecordFormat::tsv)),
        "stage\tlr\trepeat\ta\tb\tc\n"
        "train\t0.1\t0\tnan\tinf\t\n"
        "train\t0.1\t1\t\t-inf\t2.0\n"
    );
}

TEST(RecordTable, HasARowPerRecordAndOneForAUnitThatFailed) {
    SampleSweep sample;
    sample.finish(0, "{\"epoch\": 1}\n{\"epoch\": 2}\n");
    sample.fail(1, "bad data");
    sample.write({UnitsCancelled{.ranges = {{.stage = StageIndex{0}, .first = 2, .count = 1}}}});
    const SweepReader sweep = sample.read();
    auto table = RecordTable::open(sweep, StageIndex{0});
    std::vector<std::string> rows;
    ASSERT_TRUE(table->visit([&](const TableRow& row) -> Result<void> {
        rows.push_back(
            format_cell(row.cells[3]) + "|" + format_cell(row.cells[6]) + "|" +
            format_cell(row.cells[7]) + (row.is_last ? "|last" : "")
        );
        return {};
    }));
    EXPECT_THAT(
        rows,
        ElementsAre(
            "1|done|", "2|done||last", "|failed|user_error: bad data|last", "|cancelled||last"
        )
    );
}

TEST(RecordTable, RenamesAMetricThatIsCalledLikeAnotherColumn) {
    SampleSweep sample;
    sample.finish(0, "{\"lr\": 7, \"status\": \"fine\", \"record.lr\": 8}\n");
    const SweepReader sweep = sample.read();
    EXPECT_EQ(
        without_provenance(print(sweep, RecordFormat::tsv)),
        "stage\tlr\trepeat\trecord.lr\trecord.status\trecord.record.lr\n"
        "train\t0.1\t0\t7\tfine\t8\n"
    );
}

TEST(RecordTable, KeepsHostileTextInItsCell) {
    SampleSweep sample;
    sample.finish(0, "{\"t\\tx\": \"a\\tb\\nc\\u001b[31m \\\\ \\u202e\"}\n");
    const SweepReader sweep = sample.read();
    EXPECT_EQ(
        without_provenance(print(sweep, RecordFormat::tsv)),
        "stage\tlr\trepeat\tt\\tx\n"
        "train\t0.1\t0\ta\\tb\\nc\\x1b[31m \\\\ \u202e\n"
    );
    EXPECT_THAT(print(sweep, RecordFormat::text), HasSubstr("a\\tb\\nc\\x1b[31m \\ \\u202e"));
    EXPECT_THAT(print(sweep, RecordFormat::csv), HasSubstr("\"a\tb\nc\x1b[31m \\ \u202e\""));
}

TEST(RecordTable, ReadsRunsThatAreSmallerThanTheStage) {
    SampleSweep sample;
    for (const std::uint32_t i : {5U, 0U, 3U, 1U, 4U}) {
        sample.finish(i, "{\"loss\": " + std::to_string(i) + "}\n");
    }
    const SweepReader sweep = sample.read();
    for (const std::uint32_t run : {1U, 2U, 5U, 6U, 100U}) {
        UnitResults results(sweep, StageIndex{0}, run);
        std::string seen;
        ASSERT_TRUE(results.visit([&](UnitKey unit, const UnitResult& result) -> Result<void> {
            seen += std::to_string(unit.index) + result.end.rows.substr(0, 10);
            EXPECT_EQ(result.known, unit.index != 2);
            return {};
        }));
        EXPECT_EQ(seen, "0{\"loss\": 01{\"loss\": 123{\"loss\": 34{\"loss\": 45{\"loss\": 5")
            << run;
    }
}

TEST(RecordSink, WritesJsonWithoutMissingMembers) {
    SampleSweep sample;
    sample.finish(0, "{\"a\": NaN}\n");
    sample.finish(1, "{\"b\": \"x\"}\n");
    const SweepReader sweep = sample.read();
    const std::string lines = print(sweep, RecordFormat::jsonl);
    EXPECT_THAT(
        lines, HasSubstr("{\"stage\":\"train\",\"lr\":0.1,\"repeat\":0,\"a\":NaN,\"unit_id\"")
    );
    EXPECT_THAT(lines, HasSubstr("\"repeat\":1,\"b\":\"x\",\"unit_id\""));
    const std::string array = print(sweep, RecordFormat::json);
    EXPECT_EQ(array.substr(0, 3), "[\n{");
    EXPECT_EQ(array.substr(array.size() - 4), "}\n]\n");
}

TEST(RecordSink, EscapesWhatMarkdownWouldRead) {
    SampleSweep sample;
    sample.finish(0, "{\"t\": \"a|b_c\"}\n");
    const SweepReader sweep = sample.read();
    const std::string md = print(sweep, RecordFormat::md);
    EXPECT_THAT(md, HasSubstr("| stage | lr | repeat | t | unit\\_id |"));
    EXPECT_THAT(md, HasSubstr("\n| --- | --- |"));
    EXPECT_THAT(md, HasSubstr("| a\\|b\\_c |"));
}

TEST(RecordSink, KeepsABackslashFromUndoingTheEscapeOfABarInMarkdown) {
    SampleSweep sample;
    sample.finish(
        0,
        R"x({"t": "a\\|b\n[c](d)"})x"
        "\n"
    );
    EXPECT_THAT(print(sample.read(), RecordFormat::md), HasSubstr(R"x(| a\\\|b\\n\[c](d) |)x"));
}

TEST(EqualRecords, NamesTheFirstRowThatDiffers) {
    SampleSweep one;
    SampleSweep other;
    one.finish(0, "{\"loss\": 1}\n");
    one.finish(1, "{\"loss\": 2}\n");
    other.finish(0, "{\"loss\": 1}\n");
    other.finish(1, "{\"loss\": 2.0}\n");
    const auto difference = first_difference(one.read(), other.read());
    ASSERT_TRUE(difference && *difference);
    EXPECT_EQ(
        **difference, "stage train, row 2:\n  train\\t0.1\\t1\\t2\\t\n  train\\t0.1\\t1\\t2.0\\t"
    );
}

TEST(EqualRecords, CountsRowsThatAreMissing) {
    SampleSweep one;
    SampleSweep other;
    one.finish(0, "{\"loss\": 1}\n");
    one.finish(1, "{\"loss\": 2}\n");
    other.finish(0, "{\"loss\": 1}\n");
    const auto difference = first_difference(one.read(), other.read());
    ASSERT_TRUE(difference && *difference);
    EXPECT_EQ(**difference, "stage train: 2 rows and 1 row");
}

TEST(RowFilter, ReadsEveryComparison) {
    EXPECT_EQ(parse_row_filter("a=1")->comparison, Comparison::equal);
    EXPECT_EQ(parse_row_filter("a==1")->comparison, Comparison::equal);
    EXPECT_EQ(parse_row_filter("a!=1")->comparison, Comparison::not_equal);
    EXPECT_EQ(parse_row_filter("a>=1")->comparison, Comparison::at_least);
    EXPECT_EQ(parse_row_filter("a<1")->comparison, Comparison::less);
    EXPECT_EQ(parse_row_filter("a=b=c")->text, "b=c");
    EXPECT_EQ(parse_row_filter("lr").error().code, ErrorCode::usage);
    EXPECT_EQ(parse_row_filter("=1").error().code, ErrorCode::usage);
}

bool passes(std::string_view filter, const Value& cell) {
    return holds(*parse_row_filter(filter), cell);
}

TEST(RowFilter, ComparesNumbersAsNumbersAndTextsAsTexts) {
    EXPECT_TRUE(passes("a=0.10", Value(0.1)));
    EXPECT_TRUE(passes("a=1", Value(1.0)));
    EXPECT_TRUE(passes("a>9", Value(10)));
    EXPECT_FALSE(passes("a>9", Value("10x")) && passes("a<9", Value("10x")));
    EXPECT_TRUE(passes("a=done", Value("done")));
    EXPECT_TRUE(passes("a=true", Value(true)));
}

TEST(RowFilter, IsNeverSatisfiedByMissingValuesAndByNanOnlyWhenAsked) {
    EXPECT_FALSE(passes("a!=1", Value()));
    EXPECT_FALSE(passes("a!=1", Value(std::nan(""))));
    EXPECT_FALSE(passes("a>=0", Value(std::nan(""))));
    EXPECT_TRUE(passes("a=nan", Value(std::nan(""))));
}

TEST(RowFilter, FindsWhatIsMissingByAnEmptyValue) {
    EXPECT_TRUE(passes("a=", Value()));
    EXPECT_FALSE(passes("a!=", Value()));
    EXPECT_FALSE(passes("a=", Value(0)));
    EXPECT_TRUE(passes("a!=", Value(std::nan(""))));
}

const std::vector<Column> one_column{{"m"}};

std::string sorted(const char* order, std::size_t most, const std::vector<Value>& cells) {
    OrderedRows rows(*parse_row_order(one_column, order), most);
    for (const Value& cell : cells) {
        rows.add({cell});
    }
    std::string text;
    for (const auto& row : rows.finish()) {
        text += format_cell(row.front()) + ";";
    }
    return text;
}

TEST(RowOrder, SortsInBothDirectionsAndNeverPutsNanOrMissingFirst) {
    const std::vector<Value> cells{Value(), 2, std::nan(""), -1.5, -HUGE_VAL, 10, HUGE_VAL};
    EXPECT_EQ(sorted("m", 0, cells), "-inf;-1.5;2;10;inf;nan;;");
    EXPECT_EQ(sorted("m:desc", 0, cells), "inf;10;2;-1.5;-inf;nan;;");
    EXPECT_EQ(sorted("m:asc", 2, cells), "-inf;-1.5;");
}

TEST(RowOrder, FindsTheSameFirstRowsHoweverManyThereAre) {
    std::vector<Value> cells;
    for (int i = 0; i < 20'000; ++i) {
        cells.emplace_back((i * 7919) % 20'011);
    }
    EXPECT_EQ(sorted("m", 3, cells), sorted("m", 0, cells).substr(0, sorted("m", 3, cells).size()));
}

TEST(RowOrder, NamesTheColumnsThereAreInsteadOfAnUnknownOne) {
    const auto order = parse_row_order(one_column, "x:desc");
    EXPECT_EQ(order.error().message, "there is no column x; there are m");
    EXPECT_EQ(parse_row_order({{"a:b"}}, "a:b")->place, 0U);
}

TEST(RowSelection, PicksColumnsInTheOrderAsked) {
    const std::vector<Column> columns{{"a"}, {"b"}, {"c"}};
    const auto selection = RowSelection::make(columns, {"c", "a"}, {*parse_row_filter("b>1")});
    ASSERT_TRUE(selection);
    EXPECT_EQ(selection->cells({1, 2, 3}), (std::vector<Value>{3, 1}));
    EXPECT_TRUE(selection->wants({1, 2, 3}));
    EXPECT_FALSE(selection->wants({1, 1, 3}));
    const auto unknown = RowSelection::make(columns, {"d"}, {});
    EXPECT_EQ(unknown.error().message, "there is no column d; there are a, b, c");
}

}  // namespace
}  // namespace xorch
