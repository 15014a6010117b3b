// Names, annotations, tables of numbers per class, boxes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/data/class_rows.h"
#include "jobs/heatmap/data/voc_annotation.h"

namespace xorch::heatmap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(HeatmapClasses, AreMatchedWithoutCaseBlanksHyphensAndUnderscores) {
    for (const char* name :
         {"Expressway-Service-area",
          "expressway_service_area",
          "Expressway Service Area",
          "expresswayservicearea"}) {
        const auto found = match_class(name);
        ASSERT_TRUE(found) << name;
        EXPECT_EQ(name_of(*found), "Expressway-Service-area");
    }
    EXPECT_EQ(match_class("baseball field"), match_class("baseballfield"));
    EXPECT_EQ(match_class("golf course"), match_class("golffield"));
    EXPECT_FALSE(match_class("golf"));
    EXPECT_FALSE(match_class(""));
}

TEST(HeatmapClasses, AreTwentyAndEachMatchesItselfAlone) {
    for (ClassNumber number = 0; number < class_count; ++number) {
        EXPECT_EQ(match_class(name_of(number)), number);
    }
    EXPECT_EQ(class_count, 20);
}

const char* const two_ships = R"(<?xml version="1.0"?>
<annotation><filename>00011.jpg</filename><source><database>DIOR</database></source>
<size><width>800</width><height>600</height><depth>3</depth></size>
<segmented>0</segmented>
<object><name>ship</name><pose>Unspecified</pose>
<bndbox><xmin>1</xmin><ymin>20</ymin><xmax> 30 </xmax><ymax>40.0</ymax></bndbox></object>
<object><name>golf course</name>
<bndbox><ymax>600</ymax><xmax>800</xmax><ymin>2</ymin><xmin>0</xmin></bndbox></object>
</annotation>)";

TEST(HeatmapVoc, AnAnnotationHasItsSizeAndItsObjectsInOrder) {
    const auto annotation = parse_voc(two_ships);
    ASSERT_TRUE(annotation) << annotation.error().message;
    EXPECT_EQ(annotation->width, 800);
    EXPECT_EQ(annotation->height, 600);
    EXPECT_THAT(
        annotation->objects,
        ElementsAre(VocObject{"ship", 1, 20, 30, 40}, VocObject{"golf course", 0, 2, 800, 600})
    );
}

TEST(HeatmapVoc, WhatIsWrittenIsReadBack) {
    const VocAnnotation annotation{
        .width = 20, .height = 10, .objects = {{"a & <b>", 1, 2, 20, 10}, {"dam", 3, 3, 4, 4}}
    };
    const auto again = parse_voc(format_voc(annotation, "x.jpg"));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, annotation);
}

std::string spoiled(const std::string& from, const std::string& to) {
    std::string text = two_ships;
    text.replace(text.find(from), from.size(), to);
    const auto annotation = parse_voc(text);
    return annotation ? "" : annotation.error().message;
}

TEST(HeatmapVoc, WhatIsMissingOrNoBoxIsRefusedWithItsReason) {
    EXPECT_EQ(spoiled("ship", "ship"), "");
    EXPECT_THAT(spoiled("<xmin>1</xmin>", ""), HasSubstr("ship: there is no <xmin>"));
    EXPECT_THAT(spoiled("<xmin>1<", "<xmin>one<"), HasSubstr("<xmin>one</xmin> is no number"));
    EXPECT_THAT(spoiled("<xmin>1<", "<xmin>1.5<"), HasSubstr("is no number of pixels"));
    EXPECT_THAT(spoiled("<xmin>1<", "<xmin>30<"), HasSubstr("the box 30 20 30 40 is none"));
    EXPECT_THAT(spoiled("<xmax>800<", "<xmax>801<"), HasSubstr("in an image of 800 x 600"));
    EXPECT_THAT(spoiled("<width>800<", "<width>-4<"), HasSubstr("an image of -4 x 600"));
    EXPECT_THAT(spoiled("<name>ship</name>", ""), HasSubstr("an <object> without a <name>"));
    EXPECT_THAT(spoiled("</annotation>", ""), HasSubstr("no XML: "));
    EXPECT_THAT(spoiled("<size>", "<sighs>"), HasSubstr("no XML: "));
    EXPECT_THAT(parse_voc("<html/>").error().message, HasSubstr("without an <annotation>"));
}

TEST(HeatmapVoc, AnEntityThatWouldGrowIsNotExpanded) {
    const std::string bomb =
        "<!DOCTYPE a [<!ENTITY b \"ship\"><!ENTITY c \"&b;&b;&b;\">]>" +
        std::string(two_ships).substr(std::string(two_ships).find("<annotation>"));
    std::string text = bomb;
    text.replace(text.find("<name>ship"), 10, "<name>&c;");
    const auto annotation = parse_voc(text);
    ASSERT_TRUE(annotation) << annotation.error().message;
    EXPECT_EQ(annotation->objects[0].name, "&c;");
}

TEST(HeatmapClassRows, AreReadWithAndWithoutAHeading) {
    for (const char* text :
         {"class,f0,f1\nship,0.5,-2\ngolf course,1e-3,4\n",
          "\"ship\",0.5,-2\r\nGolfField,0.001, 4"}) {
        const auto rows = parse_class_rows(text);
        ASSERT_TRUE(rows) << rows.error().message;
        EXPECT_EQ(rows->size(), 2U);
        EXPECT_THAT(rows->at(*match_class("ship")), ElementsAre(0.5, -2));
        EXPECT_THAT(rows->at(*match_class("golffield")), ElementsAre(0.001, 4));
    }
}

TEST(HeatmapClassRows, ThatCannotBeUsedAreRefusedByLine) {
    const auto error_of = [](const char* text) { return parse_class_rows(text).error().message; };
    EXPECT_THAT(error_of("ship,1,2\ndam,1\n"), HasSubstr("line 2: 1 numbers after 2"));
    EXPECT_THAT(error_of("ship,1\nboat,2\n"), HasSubstr("line 2: \"boat\" is no class"));
    EXPECT_THAT(error_of("ship,1\nship,2\n"), HasSubstr("line 2: ship is there twice"));
    EXPECT_THAT(error_of("ship,nan\n"), HasSubstr("\"nan\" is no number"));
    EXPECT_THAT(error_of("ship,1,\n"), HasSubstr("\"\" is no number"));
    EXPECT_THAT(error_of("class,f0\n"), HasSubstr("a table without a class"));
}

TEST(HeatmapGolden, G3_3OverlapsAreThoseOfAreasWithoutAnAddedPixel) {
    const Box whole{0, 0, 100, 100};
    EXPECT_DOUBLE_EQ(overlap({0, 0, 100, 50}, whole), 0.5);
    EXPECT_DOUBLE_EQ(overlap({0, 0, 90, 100}, whole), 0.9);
    EXPECT_EQ(overlap({100, 0, 120, 50}, whole), 0);
    EXPECT_EQ(overlap({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
}

}  // namespace
}  // namespace xorch::heatmap
