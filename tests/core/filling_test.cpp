#include "core/filling.h"

#include <gtest/gtest.h>

namespace xorch {
namespace {

TEST(Filling, TakesOnlyWhatIsMissingOrNaN) {
    const FilledRows filled = fill_rows(
        "{\"a\": 1, \"b\": NaN, \"c\": null}\n",
        "{\"a\": 1.0, \"b\": 2, \"c\": \"x\", \"d\": Infinity}\n",
        {}
    );
    EXPECT_EQ(filled.disagreement, "");
    EXPECT_EQ(filled.rows, "{\"a\":1,\"b\":2,\"c\":\"x\",\"d\":Infinity}\n");
}

TEST(Filling, KeepsTheBytesOfARunThatSaysTheSame) {
    const std::string rows = "{ \"a\": 1.50 }\n";
    EXPECT_EQ(fill_rows(rows, rows, {}).rows, rows);
}

TEST(Filling, TakesNothingOfARunThatDisagrees) {
    const std::string standing = "{\"a\": 0.5}\n{\"a\": 0.7, \"b\": NaN}\n";
    const FilledRows filled = fill_rows(standing, "{\"a\": 0.5}\n{\"b\": 3, \"a\": 0.8}\n", {});
    EXPECT_EQ(filled.disagreement, "row 2: a was 0.7 and is now 0.8");
    EXPECT_EQ(filled.rows, standing);
}

TEST(Filling, DoesNotAskColumnsToAgreeThatVary) {
    const FilledRows filled =
        fill_rows("{\"seconds\": 3, \"a\": NaN}\n", "{\"seconds\": 4, \"a\": 1}\n", {"seconds"});
    EXPECT_EQ(filled.disagreement, "");
    EXPECT_EQ(filled.rows, "{\"seconds\":3,\"a\":1}\n");
}

TEST(Filling, KeepsAColumnThatTheNewRunDoesNotReport) {
    EXPECT_EQ(fill_rows("{\"a\": 1}\n", "{\"b\": 2}\n", {}).rows, "{\"a\":1,\"b\":2}\n");
}

TEST(Filling, AddsFurtherRowsAndRefusesFewer) {
    EXPECT_EQ(
        fill_rows("{\"a\": 1}\n", "{\"a\": 1}\n{\"a\": 2}\n", {}).rows, "{\"a\":1}\n{\"a\":2}\n"
    );
    EXPECT_EQ(
        fill_rows("{\"a\": 1}\n{\"a\": 2}\n", "{\"a\": 1}\n", {}).disagreement,
        "there were 2 rows and are now 1"
    );
}

TEST(Filling, LetsANumberStandThatIsReportedAnewWithinTheTolerance) {
    const std::string standing = "{\"a\":0.3,\"b\":null,\"c\":2000000000.0}\n";
    const FilledRows filled =
        fill_rows(standing, "{\"a\":0.30000000000000004,\"b\":1,\"c\":2000000001.0}\n", {});
    EXPECT_EQ(filled.disagreement, "");
    EXPECT_EQ(filled.rows, "{\"a\":0.3,\"b\":1,\"c\":2000000000.0}\n");
    EXPECT_NE(fill_rows("{\"a\":0.3}\n", "{\"a\":0.300000002}\n", {}).disagreement, "");
    EXPECT_NE(fill_rows("{\"c\":2000000000.0}\n", "{\"c\":2000000004.0}\n", {}).disagreement, "");
}

TEST(Filling, LetsNoIntegerBeAnother) {
    EXPECT_EQ(
        fill_rows("{\"id\":12345678901234}\n", "{\"id\":12345678901235}\n", {}).disagreement,
        "row 1: id was 12345678901234 and is now 12345678901235"
    );
    EXPECT_NE(fill_rows("{\"a\":Infinity}\n", "{\"a\":-Infinity}\n", {}).disagreement, "");
    EXPECT_EQ(fill_rows("{\"a\":Infinity}\n", "{\"a\":Infinity}\n", {}).disagreement, "");
}

TEST(Filling, TakesATextAndItsNumberForDifferentThings) {
    EXPECT_EQ(
        fill_rows("{\"a\": \"1\"}\n", "{\"a\": 1}\n", {}).disagreement,
        "row 1: a was 1 and is now 1"
    );
    EXPECT_NE(fill_rows("{\"a\": true}\n", "{\"a\": 1}\n", {}).disagreement, "");
}

}  // namespace
}  // namespace xorch
