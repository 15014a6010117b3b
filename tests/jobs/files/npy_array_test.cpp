// Arrays of NumPy, as other programs write them and as we do.

#include "jobs/files/npy_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using namespace std::string_literals;

std::string error_of(const std::string& bytes) {
    const auto array = view_npy(bytes);
    return array ? "none" : array.error().message;
}

TEST(NpyArray, AHeaderThatWasWrittenIsRead) {
    const std::string bytes = npy_header("<u2", {2, 3}) + std::string(12, 'x');
    const auto array = view_npy(bytes);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->type, "<u2");
    EXPECT_THAT(array->shape, ElementsAre(2U, 3U));
    EXPECT_FALSE(array->column_order);
    EXPECT_EQ(array->count(), 6U);
    EXPECT_EQ((bytes.size() - 12) % 64, 0U);
}

TEST(NpyArray, AListOfNumbersIsReadInItsType) {
    const std::string bytes = npy_header("<i2", {3}) + "\x01\x00\xff\xff\x00\x01"s;
    const auto array = view_npy(bytes);
    ASSERT_TRUE(array);
    EXPECT_THAT(*npy_numbers(*array), ElementsAre(1, -1, 256));
    EXPECT_THAT(*npy_texts(*array), ElementsAre("1", "-1", "256"));
}

TEST(NpyArray, AnArrayWithoutElementsIsOne) {
    const std::string bytes = npy_header("<f4", {0, 360});
    const auto array = view_npy(bytes);
    ASSERT_TRUE(array);
    EXPECT_EQ(array->count(), 0U);
}

TEST(NpyArray, TextsEndAtTheirZeros) {
    const std::string narrow = npy_header("|S3", {2}) + "N\0\0SVX"s;
    const std::string wide = npy_header("<U2", {2}) + "1\0\0\0000\0\0\0V\0\0\0\0\0\0\0"s;
    const auto narrow_array = view_npy(narrow);
    const auto wide_array = view_npy(wide);
    ASSERT_TRUE(narrow_array && wide_array);
    EXPECT_THAT(*npy_texts(*narrow_array), ElementsAre("N", "SVX"));
    EXPECT_THAT(*npy_texts(*wide_array), ElementsAre("10", "V"));
    EXPECT_FALSE(npy_numbers(*wide_array));
}

TEST(NpyArray, AHeaderThatLiesAboutItsDataIsRefused) {
    EXPECT_THAT(error_of(npy_header("<f4", {2}) + "too short"), HasSubstr("truncated NPY array"));
    EXPECT_THAT(
        error_of(npy_header("<f4", {999999999, 999999999, 999999999})), HasSubstr("truncated")
    );
    std::string negative = npy_header("|u1", {12}) + std::string(12, '\0');
    negative.replace(negative.find("(12,)"), 5, "(-2,)");
    EXPECT_THAT(error_of(negative), HasSubstr("a damaged shape"));
}

TEST(NpyArray, TypesThatAreNoNumbersOrTextsAreRefused) {
    EXPECT_THAT(error_of(npy_header("|O", {1}) + "12345678"), HasSubstr("type '|O'"));
    EXPECT_THAT(error_of(npy_header(">f4", {1}) + "1234"), HasSubstr("type '>f4'"));
    EXPECT_THAT(error_of(npy_header("|S0", {1})), HasSubstr("type '|S0'"));
    EXPECT_THAT(
        error_of(npy_header("<U99999999999999999999", {1})), HasSubstr("an NPY array of type")
    );
}

}  // namespace
}  // namespace xorch
