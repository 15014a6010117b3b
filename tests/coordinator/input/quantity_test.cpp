#include "coordinator/input/quantity.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

TEST(Quantity, ReadsDurationsAsPeopleAndSlurmWriteThem) {
    EXPECT_EQ(*parse_duration("500ms"), Millis{500});
    EXPECT_EQ(*parse_duration("60s"), Millis{60'000});
    EXPECT_EQ(*parse_duration("1h30m"), Millis{5'400'000});
    EXPECT_EQ(*parse_duration("2d"), Millis{172'800'000});
    EXPECT_EQ(*parse_duration("10:30"), Millis{630'000});
    EXPECT_EQ(*parse_duration("01:00:00"), Millis{3'600'000});
    EXPECT_EQ(*parse_duration("1-02:03:04"), Millis{93'784'000});
}

TEST(Quantity, RefusesWhatIsNoDuration) {
    for (const char* text :
         {"",
          "10",
          "s",
          "-1s",
          "1.5h",
          "1 h",
          "1y",
          "1:60",
          "1:2:3:4",
          "1-2:3",
          "1-",
          ":",
          "60s ",
          "99999999999999999999s",
          "9999999d",
          "18446744073709551615ms"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Quantity, ReadsSizesInPowersOf1024) {
    EXPECT_EQ(parse_size("1G")->value, 1ULL << 30U);
    EXPECT_EQ(parse_size("2KiB")->value, 2048U);
    EXPECT_EQ(parse_size("3MB")->value, 3ULL << 20U);
    EXPECT_EQ(parse_size("7B")->value, 7U);
}

TEST(Quantity, RefusesWhatIsNoSize) {
    for (const char* text : {"", "1", "G", "1g", "-1G", "1.5G", "1GG", "1BB", "99999999999T"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Quantity, WritesWhatItReads) {
    for (const std::int64_t count : {0, 1, 999, 1000, 61'000, 3'600'000, 86'400'000, 90'061'001}) {
        EXPECT_EQ(parse_duration(format_duration(Millis{count})), Millis{count});
    }
    for (const std::uint64_t count : {0ULL, 1ULL, 1023ULL, 1024ULL, 3ULL << 30U, ~0ULL}) {
        EXPECT_EQ(parse_size(format_size(Bytes{count})), Bytes{count});
    }
}

}  // namespace
}  // namespace xorch
