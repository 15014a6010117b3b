#include "core/ids.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace xorch {
namespace {

TEST(Ids, UnitIdReadsBackFromItsText) {
    UnitId id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(17 * i);
    const std::string text = format_unit_id(id);
    EXPECT_EQ(text, "00112233445566778899aabbccddeeff");
    EXPECT_EQ(parse_unit_id(text), id);
}

TEST(Ids, RefusesWhatIsNotAUnitId) {
    EXPECT_FALSE(parse_unit_id(""));
    EXPECT_FALSE(parse_unit_id("00112233445566778899aabbccddeef"));
    EXPECT_FALSE(parse_unit_id("00112233445566778899aabbccddeeffa"));
    EXPECT_FALSE(parse_unit_id("00112233445566778899aabbccddeeg0"));
}

TEST(Ids, IncarnationReadsBackFromItsText) {
    const IncarnationId id{0x00ab'0000'0000'cdefULL};
    EXPECT_EQ(format_incarnation(id), "00ab00000000cdef");
    EXPECT_EQ(parse_incarnation("00ab00000000cdef"), id);
    EXPECT_FALSE(parse_incarnation("ab0000000000cdef0"));
    EXPECT_FALSE(parse_incarnation("+0ab00000000cdef"));
}

TEST(Ids, UnitKeysOfTwoStagesHashApart) {
    std::unordered_set<UnitKey> keys;
    for (std::uint32_t stage = 0; stage < 10; ++stage) {
        for (std::uint32_t index = 0; index < 100; ++index)
            keys.insert({StageIndex{stage}, index});
    }
    EXPECT_EQ(keys.size(), 1000U);
}

}  // namespace
}  // namespace xorch
