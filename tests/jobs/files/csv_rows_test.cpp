// Tables as text, from any system.

#include "jobs/files/csv_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::ElementsAre;

using Table = std::vector<std::vector<std::string>>;

struct Reading {
    Table rows;
    std::string error;
};

Reading read(std::string_view text) {
    CsvRows rows(text);
    Reading reading;
    std::vector<std::string> cells;
    while (true) {
        const auto more = rows.next(cells);
        if (!more) reading.error = more.error().message;
        if (!more || !*more) return reading;
        reading.rows.push_back(cells);
    }
}

TEST(CsvRows, LinesOfEverySystemAreRows) {
    const Table expected{
        {"a", "b"},
        {"1", "" },
        {"",  "2"}
    };
    EXPECT_EQ(read("a,b\n1,\n,2").rows, expected);
    EXPECT_EQ(read("a,b\r\n1,\r\n\r\n,2\r\n").rows, expected);
    EXPECT_EQ(read("a,b\r1,\r,2\r").rows, expected);
    EXPECT_EQ(
        read("\xef\xbb\xbf"
             "a,b\n1,\n,2\n")
            .rows,
        expected
    );
    EXPECT_TRUE(read("").rows.empty());
}

TEST(CsvRows, QuotedCellsKeepCommasQuotesAndLines) {
    EXPECT_EQ(
        read("\"a,b\",\"say \"\"x\"\"\"\n\"two\nlines\",c\n").rows,
        (Table{
            {"a,b",        "say \"x\""},
            {"two\nlines", "c"        }
    })
    );
}

TEST(CsvRows, AnErrorNamesItsLine) {
    EXPECT_EQ(read("a\n\nb\n\"c").error, "line 4: a quotation mark that is never closed");
    EXPECT_EQ(read("a\n\"b\"c\n").error, "line 2: text behind a closing quotation mark");
    EXPECT_EQ(read(std::string(200'000, ',')).error, "line 1: more than 100000 cells");
}

TEST(CsvRows, ARowKnowsTheLineItBeganIn) {
    CsvRows rows("a\n\n\"b\nb\"\nc");
    std::vector<std::string> cells;
    std::vector<std::size_t> lines;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(rows.next(cells));
        lines.push_back(rows.line());
    }
    EXPECT_THAT(lines, ElementsAre(1U, 3U, 5U));
}

}  // namespace
}  // namespace xorch
