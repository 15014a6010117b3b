#include "jobs/anomaly/data/shots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Numbers = std::vector<std::size_t>;

TEST(AnomalyShots, AreReadFromTheLineOfTheirNumber) {
    const std::string text = "#1: 131\n#2: 101 048\r\n#4: 0 1 2 3\n";
    EXPECT_THAT(parse_shots(text, 200, 1).value(), ElementsAre(131));
    EXPECT_THAT(parse_shots(text, 200, 2).value(), ElementsAre(101, 48));
    EXPECT_THAT(parse_shots(text, 200, 4).value(), ElementsAre(0, 1, 2, 3));
}

TEST(AnomalyShots, OfAnotherShapeAreRefused) {
    const auto error_of = [](const std::string& text, std::size_t shots) {
        return parse_shots(text, 100, shots).error().message;
    };
    EXPECT_THAT(error_of("#1: 5\n", 2), HasSubstr("there is no line #2:"));
    EXPECT_THAT(error_of("", 1), HasSubstr("there is no line #1:"));
    EXPECT_THAT(error_of("#2: 5\n", 2), HasSubstr("line #2: has 1 images"));
    EXPECT_THAT(error_of("#1: 100\n", 1), HasSubstr("image 100 of 100 from 0"));
    EXPECT_THAT(error_of("#2: 5 5\n", 2), HasSubstr("image 5 twice"));
    EXPECT_THAT(error_of("#1: -1\n", 1), HasSubstr("\"-1\" is no number"));
    EXPECT_THAT(error_of("#1: 99999999999999999999\n", 1), HasSubstr("is no number"));
    EXPECT_THAT(error_of("#1: 007x\n", 1), HasSubstr("\"007x\" is no number"));
}

TEST(AnomalyShots, DrawnForMoreShotsBeginWithThoseForFewer) {
    const Numbers four = draw_shots(111, "bottle", 50, 4);
    EXPECT_EQ(std::set<std::size_t>(four.begin(), four.end()).size(), 4U);
    EXPECT_EQ(draw_shots(111, "bottle", 50, 1), Numbers(four.begin(), four.begin() + 1));
    EXPECT_EQ(draw_shots(111, "bottle", 50, 2), Numbers(four.begin(), four.begin() + 2));
    EXPECT_NE(draw_shots(112, "bottle", 50, 4), four);
    EXPECT_NE(draw_shots(111, "cable", 50, 4), four);
    EXPECT_EQ(draw_shots(111, "bottle", 3, 4).size(), 3U);
}

}  // namespace
}  // namespace xorch::anomaly
