#include "coordinator/report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::ElementsAre;

TEST(Text, ShowsControlBytesInsteadOfObeyingThem) {
    EXPECT_EQ(escape_for_terminal("a\x1b[31mb\r\n\x7f"), "a\\x1b[31mb\\r\\n\\x7f");
}

TEST(Text, ShowsCharactersThatReverseOrHideText) {
    EXPECT_EQ(escape_for_terminal("a\u202eb\u200bc\u0085"), "a\\u202eb\\u200bc\\u0085");
}

TEST(Text, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(escape_for_terminal("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(escape_for_terminal("\xc0\xaf"), "\\xc0\\xaf") << "overlong slash";
    EXPECT_EQ(escape_for_terminal("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
}

TEST(Text, LeavesOrdinaryTextAlone) {
    EXPECT_EQ(escape_for_terminal("größe 10 µm 漢字"), "größe 10 µm 漢字");
}

TEST(Text, KeepsNewlinesAndTabsWhereAsked) {
    EXPECT_EQ(escape_for_terminal("a\n\tb\x1b", Newlines::keep), "a\n\tb\\x1b");
}

TEST(Text, EscapesATsvCellSoThatARowStaysALine) {
    EXPECT_EQ(escape_tsv("a\tb\nc\\d\r\x01\xff"), "a\\tb\\nc\\\\d\\r\\x01\\xff");
    EXPECT_EQ(escape_tsv("$(rm -rf /) \"quoted\" ü"), "$(rm -rf /) \"quoted\" ü");
}

TEST(Text, QuotesAWordForAShellOnlyWhereThatIsNeeded) {
    EXPECT_EQ(quote_for_shell("/runs/a-1.toml"), "/runs/a-1.toml");
    EXPECT_EQ(quote_for_shell(""), "''");
    EXPECT_EQ(quote_for_shell("/my runs/$(id)"), "'/my runs/$(id)'");
    EXPECT_EQ(quote_for_shell("it's"), "'it'\\''s'");
    EXPECT_EQ(quote_for_shell("a\x1b'\xff"), "$'a\\x1b\\x27\\xff'");
}

TEST(Text, ShortensByCharactersNotByBytes) {
    EXPECT_EQ(shorten("äöüäöü", 6), "äöüäöü");
    EXPECT_EQ(shorten("äöüäöü", 5), "äö...");
    EXPECT_EQ(shorten("abc", 2), "..");
}

TEST(Text, SpellsDurationsWithTwoUnitsAtMost) {
    EXPECT_EQ(spell_duration(Millis{0}), "0 ms");
    EXPECT_EQ(spell_duration(Millis{12'345}), "12.3 s");
    EXPECT_EQ(spell_duration(Millis{245'000}), "4 min 05 s");
    EXPECT_EQ(spell_duration(Millis{12'000'000}), "3 h 20 min");
    EXPECT_EQ(spell_duration(Millis{187'200'000}), "2 d 4 h");
}

TEST(Text, SpellsTimesInUtcAndUnknownOnesNotAtAll) {
    EXPECT_EQ(format_utc(Millis{1'763'712'307'000}), "2025-11-21T08:05:07Z");
    EXPECT_EQ(format_utc(Millis{0}), "");
}

TEST(Text, SeparatesThousands) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1'000'000), "1,000,000");
    EXPECT_EQ(count_of(1, "unit"), "1 unit");
    EXPECT_EQ(count_of(1200, "unit"), "1,200 units");
}

TEST(Text, LinesUpColumnsByCharacters) {
    TextTable table({Align::left, Align::right, Align::left});
    table.add({"ä", "1", "x"});
    table.add({"abc", "100", ""});
    EXPECT_THAT(table.lines(2), ElementsAre("  ä      1  x", "  abc  100"));
}

}  // namespace
}  // namespace xorch
