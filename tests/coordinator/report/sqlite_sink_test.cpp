#include "coordinator/report/tables/sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<void> write(
    const std::string& path, const std::vector<Column>& columns, const std::vector<Value>& cells
) {
    const auto sink = make_sqlite_sink(path, "records");
    if (!sink) return tl::unexpected(sink.error());
    if (auto begun = (*sink)->begin(columns); !begun) return begun;
    if (auto added = (*sink)->add(cells); !added) return added;
    return (*sink)->end();
}

// Column names, then "<type>:<text>" of each cell, in order.
std::vector<std::string> query(const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    std::vector<std::string> found;
    for (int i = 0; i < sqlite3_column_count(statement); ++i)
        found.emplace_back(sqlite3_column_name(statement, i));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); ++i) {
            const int type = sqlite3_column_type(statement, i);
            const unsigned char* text = sqlite3_column_text(statement, i);
            found.push_back(
                std::to_string(type) + ":" +
                (text == nullptr ? "" : std::string(reinterpret_cast<const char*>(text)))
            );
        }
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return found;
}

TEST(SqliteSink, KeepsTypesAndTellsNanFromMissing) {
    const TemporaryDirectory folder;
    const std::string path = folder / "records.db";
    const double infinity = std::numeric_limits<double>::infinity();
    const auto written = write(
        path,
        {{"text"}, {"integer"}, {"number"}, {"nan"}, {"infinite"}, {"missing"}},
        {Value("a\"b\n'c'"), Value(3), Value(0.5), Value(std::nan("")), Value(-infinity), Value()}
    );
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_THAT(
        query(path, "SELECT text, integer, number, nan, missing FROM records"),
        ElementsAre(
            "text",
            "integer",
            "number",
            "nan",
            "missing",
            "3:a\"b\n'c'",
            "1:3",
            "2:0.5",
            "3:nan",
            "5:"
        )
    );
    EXPECT_THAT(
        query(path, "SELECT infinite < -1e308 AS less FROM records"), ElementsAre("less", "1:1")
    );
}

TEST(SqliteSink, KeepsColumnsApartWhoseNamesDifferOnlyInCase) {
    const TemporaryDirectory folder;
    const std::string path = folder / "records.db";
    const auto written =
        write(path, {{"f1"}, {"F1"}, {"f1_2"}, {"a\"b"}}, {Value(1), Value(2), Value(3), Value(4)});
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_THAT(
        query(path, "SELECT * FROM records"),
        ElementsAre("f1", "F1_2", "f1_2_2", "a\"b", "1:1", "1:2", "1:3", "1:4")
    );
}

TEST(SqliteSink, RefusesADatabaseThatHasTheTable) {
    const TemporaryDirectory folder;
    const std::string path = folder / "records.db";
    ASSERT_TRUE(write(path, {{"x"}}, {Value(1)}));
    const auto again = write(path, {{"x"}}, {Value(2)});
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, HasSubstr("already exists"));
    EXPECT_THAT(query(path, "SELECT x FROM records"), ElementsAre("x", "1:1"));
}

}  // namespace
}  // namespace xorch
