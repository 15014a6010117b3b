#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/data/text_encoding.h"

namespace xorch::pix2pix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::string refusal(const Result<T>& result) {
    return result ? "accepted" : result.error().message;
}

TEST(Pix2pixText, BytesDecideBetweenUtf8AndGb18030) {
    const auto encoded = to_gb18030("编号,训练集,x线片\n");
    ASSERT_TRUE(encoded);
    EXPECT_EQ(encoded->substr(0, 4), "\xb1\xe0\xba\xc5");
    EXPECT_EQ(*to_utf8(*encoded), "编号,训练集,x线片\n");
    EXPECT_EQ(*to_utf8("\xef\xbb\xbf编号"), "编号");
    EXPECT_EQ(*to_utf8("plain"), "plain");
    EXPECT_EQ(*to_utf8(""), "");
    // Four bytes a sign, beyond what GBK has.
    EXPECT_EQ(*to_utf8(*to_gb18030("𠀀")), "𠀀");
}

TEST(Pix2pixText, WhatIsNeitherSaysWhere) {
    EXPECT_THAT(refusal(to_utf8("ab\xff\xff")), HasSubstr("neither UTF-8 nor GB18030: byte 2"));
    EXPECT_THAT(refusal(to_utf8("ab\xb1")), HasSubstr("byte 2"));
}

TEST(Pix2pixTables, IdsStandInTheFirstColumnAndAHeaderMayBeMissing) {
    EXPECT_THAT(*parse_ids("id\n10\n9\n100\n"), ElementsAre("9", "10", "100"));
    EXPECT_THAT(*parse_ids("10\n9\n"), ElementsAre("9", "10"));
    EXPECT_THAT(*parse_ids(*to_gb18030("编号,姓名\n3,张三\n1,李四\n")), ElementsAre("1", "3"));
    EXPECT_THAT(*parse_ids(""), ElementsAre());
    EXPECT_THAT(refusal(parse_ids("id\n1\nx\n")), HasSubstr("line 3: \"x\" is no id"));
    EXPECT_THAT(refusal(parse_ids("1\n2\n1\n")), HasSubstr("id 1 a second time"));
}

TEST(Pix2pixTables, PairsNameTwoFilesWithinTheFolder) {
    EXPECT_THAT(
        *parse_pair_rows("id,input_path,target_path\n7,b/7.png,a/7.png\n2,b/2.png,a/2.png\n"),
        ElementsAre(PairRow{"2", "b/2.png", "a/2.png"}, PairRow{"7", "b/7.png", "a/7.png"})
    );
    EXPECT_THAT(refusal(parse_pair_rows("1,../x,y\n")), HasSubstr("line 1: \"../x\" is no path"));
    EXPECT_THAT(refusal(parse_pair_rows("1,x,/etc/y\n")), HasSubstr("\"/etc/y\" is no path"));
    EXPECT_THAT(refusal(parse_pair_rows("1,x\n")), HasSubstr("2 cells instead of 3"));
    EXPECT_THAT(refusal(parse_pair_rows("1,x,y\n1,x,y\n")), HasSubstr("a second time"));
}

TEST(Pix2pixTables, LandmarksAreWrittenAsTheyAreRead) {
    LandmarkTable table;
    for (std::size_t i = 0; i < landmark_count; ++i) {
        table["12"][i] = {.x = 0.1 + static_cast<double>(i), .y = 1.0 / 3};
    }
    table["2"] = table["12"];
    const std::string text = format_landmarks(table);
    EXPECT_THAT(text, testing::StartsWith("id,S_x,S_y,N_x,N_y,A_x,A_y,B_x,B_y,Go_x,Go_y,Gn_x"));
    EXPECT_EQ(*parse_landmarks(text), table);
    EXPECT_THAT(refusal(parse_landmarks("1,2,3\n")), HasSubstr("3 cells instead of 13"));
    EXPECT_THAT(
        refusal(parse_landmarks("1,1,1,1,1,1,1,1,1,1,1,1,nan\n")), HasSubstr("is no coordinate")
    );
}

TEST(Pix2pixTables, NumbersComeBeforeNamesAndInTheirOrder) {
    EXPECT_TRUE(id_less("9", "10"));
    EXPECT_FALSE(id_less("10", "9"));
    EXPECT_TRUE(id_less("10", "a"));
    EXPECT_TRUE(id_less("a", "b"));
    EXPECT_TRUE(id_less("01", "1"));
    EXPECT_FALSE(id_less("1", "01"));
}

}  // namespace
}  // namespace xorch::pix2pix
