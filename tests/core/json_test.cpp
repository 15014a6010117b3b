#include "core/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace xorch {
namespace {

TEST(Json, KeepsNanInfinityAndMissingApart) {
    const auto parsed = parse_json(R"({"a": NaN, "b": Infinity, "c": -Infinity})");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_TRUE(std::isnan(*parsed->find("a")->get_if<double>()));
    EXPECT_EQ(*parsed->find("b")->get_if<double>(), std::numeric_limits<double>::infinity());
    EXPECT_EQ(*parsed->find("c")->get_if<double>(), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(parsed->find("d"), nullptr);
    EXPECT_EQ(format_json(*parsed), R"({"a":NaN,"b":Infinity,"c":-Infinity})");
}

TEST(Json, WritesDoublesInTheirShortestRoundTripForm) {
    EXPECT_EQ(format_json(Value(0.1)), "0.1");
    EXPECT_EQ(format_json(Value(2.0)), "2.0");
    EXPECT_EQ(format_json(Value(1e-5)), "1e-05");
    EXPECT_EQ(format_json(Value(2)), "2");
}

TEST(Json, KeepsIntegersOf64BitsWhole) {
    EXPECT_EQ(*parse_json("1763712307000"), Value(std::int64_t{1'763'712'307'000}));
    EXPECT_EQ(*parse_json("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(*parse_json("9223372036854775808"), Value(9223372036854775808.0));
}

TEST(Json, RefusesAKeyThatAppearsTwice) {
    EXPECT_FALSE(parse_json(R"({"a": 1, "a": 2})"));
}

TEST(Json, RefusesWhatFollowsTheValue) {
    EXPECT_FALSE(parse_json("{} x"));
}

TEST(Json, RefusesNestingBeyondItsLimit) {
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Json, CanonicalFormSortsMembers) {
    const auto parsed = parse_json(R"({"b": {"d": 1, "c": 2}, "a": []})");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(format_canonical_json(*parsed), R"({"a":[],"b":{"c":2,"d":1}})");
}

TEST(Json, ReplacesBytesThatAreNotUtf8) {
    EXPECT_EQ(
        format_json(Value("a\xFF"
                          "b")),
        "\"a\xEF\xBF\xBD"
        "b\""
    );
    EXPECT_EQ(format_json(Value("\x1b[31m")), R"("\u001b[31m")");
}

}  // namespace
}  // namespace xorch
