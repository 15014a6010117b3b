#include "core/value.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>

namespace xorch {
namespace {

TEST(Value, AnIntegerAndAnEqualDoubleAreDifferentParameters) {
    EXPECT_FALSE(Value(1) == Value(1.0));
    EXPECT_FALSE(Value(true) == Value(1));
    EXPECT_FALSE(Value(0.0) == Value(-0.0));
}

TEST(Value, NanEqualsNan) {
    EXPECT_TRUE(Value(std::nan("")) == Value(std::nan("")));
    EXPECT_FALSE(Value(std::nan("")) == Value());
}

TEST(Value, TrueIsNoNumber) {
    EXPECT_EQ(Value(3).as_number(), 3.0);
    EXPECT_EQ(Value(0.5).as_number(), 0.5);
    EXPECT_FALSE(Value(true).as_number());
    EXPECT_FALSE(Value("3").as_number());
}

TEST(Value, SpellsDoublesSoThatTheyReadBackAsTheSameDouble) {
    EXPECT_EQ(format_double(0.1), "0.1");
    EXPECT_EQ(format_double(1e-4), "0.0001");
    EXPECT_EQ(format_double(2.0), "2.0");
    EXPECT_EQ(format_double(1e300), "1e+300");
    EXPECT_EQ(format_double(std::nan("")), "nan");
    EXPECT_EQ(format_double(-std::numeric_limits<double>::infinity()), "-inf");
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; ++i) {
        const double number =
            std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 200) - 164);
        const std::string text = format_double(number);
        double back = 0;
        std::from_chars(text.data(), text.data() + text.size(), back);
        ASSERT_EQ(back, number) << text;
    }
}

TEST(Value, SpellsStringsAsTheyAre) {
    EXPECT_EQ(format_plain(Value("$(rm -rf) 'x' \n")), "$(rm -rf) 'x' \n");
    EXPECT_EQ(format_plain(Value(Array{Value(1), Value("a")})), R"([1,"a"])");
}

TEST(Value, SettingAMemberTwiceKeepsItsPlace) {
    Object object;
    set_member(object, "a", 1);
    set_member(object, "b", 2);
    set_member(object, "a", 3);
    EXPECT_EQ(
        object,
        (Object{
            {"a", 3},
            {"b", 2}
    })
    );
}

}  // namespace
}  // namespace xorch
