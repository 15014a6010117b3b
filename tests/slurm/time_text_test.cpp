#include "slurm/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Local time is the one thing here that depends on where the test runs.
class TimeZone {
 public:
    explicit TimeZone(const char* name) {
        const char* before = std::getenv("TZ");
        if (before != nullptr) before_ = before;
        ::setenv("TZ", name, 1);
        ::tzset();
    }

    ~TimeZone() {
        if (before_) {
            ::setenv("TZ", before_->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

 private:
    std::optional<std::string> before_;
};

std::optional<Millis> length_of(std::string_view text) {
    const auto limit = parse_time_limit(text);
    if (!limit || limit->unlimited) return std::nullopt;
    return limit->length;
}

TEST(TimeText, ReadsEachSpellingOfALimit) {
    EXPECT_EQ(length_of("5"), minutes(5));
    EXPECT_EQ(length_of("90"), minutes(90));
    EXPECT_EQ(length_of("2:03"), minutes(2) + seconds(3));
    EXPECT_EQ(length_of("0:00"), Millis{0});
    EXPECT_EQ(length_of("12:34:56"), hours(12) + minutes(34) + seconds(56));
    EXPECT_EQ(length_of("100:00:00"), hours(100));
    EXPECT_EQ(length_of("1-02"), days(1) + hours(2));
    EXPECT_EQ(length_of("1-02:03"), days(1) + hours(2) + minutes(3));
    EXPECT_EQ(length_of(" 1-02:03:04\n"), days(1) + hours(2) + minutes(3) + seconds(4));
}

TEST(TimeText, UnlimitedIsNotUnknown) {
    const TimeLimit unlimited{.unlimited = true};
    EXPECT_EQ(parse_time_limit("UNLIMITED"), unlimited);
    EXPECT_EQ(parse_time_limit("infinite"), unlimited);
    for (const char* word :
         {"INVALID", "NOT_SET", "N/A", "n/a", "", "Partition_Limit", "unlimite"}) {
        EXPECT_FALSE(parse_time_limit(word)) << word;
    }
}

TEST(TimeText, WhatIsNoLimitIsUnknown) {
    for (const char* text :
         {"-5",
          "-0:05",
          "1:2:3:4",
          "1:60",
          "1:00:61",
          "1-24",
          "1-",
          "-",
          ":",
          "1:",
          ":1",
          "+5",
          "1.5",
          "5m",
          "1-02:03:04:05",
          "1--2",
          "99999999999999999999",
          "99999999-00"}) {
        EXPECT_FALSE(parse_time_limit(text)) << text;
    }
}

TEST(TimeText, ALimitIsRoundedUpToMinutes) {
    EXPECT_EQ(format_time_limit(Millis{0}), "00:01:00");
    EXPECT_EQ(format_time_limit(Millis{-5}), "00:01:00");
    EXPECT_EQ(format_time_limit(minutes(1)), "00:01:00");
    EXPECT_EQ(format_time_limit(minutes(1) + Millis{1}), "00:02:00");
    EXPECT_EQ(format_time_limit(hours(23) + minutes(59) + seconds(59)), "1-00:00:00");
    EXPECT_EQ(format_time_limit(days(1) + hours(2) + minutes(3)), "1-02:03:00");
    EXPECT_EQ(format_time_limit(days(100)), "100-00:00:00");
}

TEST(TimeText, ASpanForPeopleKeepsItsSeconds) {
    EXPECT_EQ(format_time_span(Millis{0}), "00:00:00");
    EXPECT_EQ(format_time_span(Millis{30'001}), "00:00:31");
    EXPECT_EQ(format_time_span(days(1) + hours(2) + minutes(3) + seconds(4)), "1-02:03:04");
}

TEST(TimeText, AFormattedLimitOfWholeMinutesReadsBackAsTheSame) {
    for (int count = 1; count < 10'000; count += 7) {
        EXPECT_EQ(length_of(format_time_limit(minutes(count))), minutes(count));
    }
}

TEST(TimeText, ReadsSecondsSince1970) {
    EXPECT_EQ(parse_time_stamp("1795744923"), seconds(1'795'744'923));
    EXPECT_FALSE(parse_time_stamp("0")) << "Slurm's way to say that there is none";
    EXPECT_FALSE(parse_time_stamp("-1"));
    EXPECT_FALSE(parse_time_stamp("99999999999999999999"));
}

TEST(TimeText, ReadsLocalTimeOfTheZoneAndOfSummer) {
    const TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    EXPECT_EQ(parse_time_stamp("2026-11-27T02:02:03"), seconds(1'795'741'323));
    EXPECT_EQ(parse_time_stamp("2026-07-01T02:00:00"), seconds(1'782'864'000));
}

TEST(TimeText, WhatIsNoTimeStampIsUnknown) {
    for (const char* text :
         {"N/A",
          "Unknown",
          "None",
          "NONE",
          "(null)",
          "",
          "2026-11-27",
          "2026-11-27T01:02",
          "2026-13-27T01:02:03",
          "2026-00-27T01:02:03",
          "2026-11-27T24:02:03",
          "2026-11-27 01:02:03",
          "1960-11-27T01:02:03",
          "2026-11-27T01:02:03Z",
          "tomorr-ow-nTxx:yy:zz"}) {
        EXPECT_FALSE(parse_time_stamp(text)) << text;
    }
}

TEST(TimeText, GarbageIsUnknownOrALimitThatIsNotNegative) {
    const RandomText garbage({"1", "59", "-", ":", "UNLIMITED", "2026-11-27T", "99999999", "T", "0"}
    );
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const auto limit = parse_time_limit(text);
        EXPECT_GE(limit ? limit->length.count() : 0, 0) << text;
        const auto stamp = parse_time_stamp(text);
        EXPECT_GT(stamp ? stamp->count() : 1, 0) << text;
    }
}

}  // namespace
}  // namespace xorch
