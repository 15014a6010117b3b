#include "core/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::HasSubstr;

TEST(Record, RowsReadBackByteForByte) {
    const std::string text =
        "{\"acc\":0.5,\"loss\":NaN,\"note\":\"a\\tb\"}\n{\"acc\":1,\"ok\":true}\n";
    const auto rows = parse_rows(text);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->size(), 2U);
    EXPECT_EQ(format_rows(*rows), text);
}

TEST(Record, BlankLinesAndAMissingLastNewlineAreNoRows) {
    const auto rows = parse_rows("\n{\"a\":1}\r\n  \n{\"a\":2}");
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->size(), 2U);
}

TEST(Record, NamesTheLineThatIsNoRow) {
    const auto torn = parse_rows("{\"a\":1}\n{\"a\":");
    ASSERT_FALSE(torn);
    EXPECT_THAT(torn.error().message, HasSubstr("record line 2"));
    const auto number = parse_rows("5\n");
    ASSERT_FALSE(number);
    EXPECT_THAT(number.error().message, HasSubstr("record line 1 is no JSON object"));
}

TEST(Record, RefusesACellThatIsNotASingleValue) {
    const auto rows = parse_rows("{\"a\":[1]}\n");
    ASSERT_FALSE(rows);
    EXPECT_THAT(rows.error().message, HasSubstr("column \"a\" is of type array"));
}

TEST(Record, RefusesARowOverOneMebibyte) {
    EXPECT_TRUE(parse_rows("{\"a\":\"" + std::string(record_bytes_max - 100, 'x') + "\"}"));
    EXPECT_FALSE(parse_rows("{\"a\":\"" + std::string(record_bytes_max, 'x') + "\"}"));
}

}  // namespace
}  // namespace xorch
