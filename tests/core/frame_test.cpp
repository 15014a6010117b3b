#include "core/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace xorch {
namespace {

std::string three_frames() {
    std::string bytes;
    append_frame(bytes, "one");
    append_frame(bytes, "");
    append_frame(bytes, "a payload of more than eight bytes");
    return bytes;
}

std::vector<std::string> payloads(std::string_view bytes) {
    std::vector<std::string> all;
    FrameReader reader(bytes);
    while (const auto payload = reader.next())
        all.emplace_back(*payload);
    return all;
}

TEST(Frame, ComesBackAsItWas) {
    const std::string bytes = three_frames();
    FrameReader reader(bytes);
    EXPECT_EQ(reader.next(), "one");
    EXPECT_FALSE(reader.at_end());
    EXPECT_EQ(reader.next(), "");
    EXPECT_EQ(reader.next(), "a payload of more than eight bytes");
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_EQ(reader.offset(), bytes.size());
}

TEST(Frame, StartsAndEndsAtMultiplesOfEight) {
    for (std::size_t size = 0; size < 40; ++size) {
        std::string bytes;
        append_frame(bytes, std::string(size, 'x'));
        EXPECT_EQ(bytes.size() % 8, 0U);
        EXPECT_EQ(bytes.size(), frame_bytes(size));
    }
}

TEST(Frame, IsNotReadWhenItsEndIsMissing) {
    const std::string bytes = three_frames();
    const std::vector<std::string> all = payloads(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::vector<std::string> some = payloads(std::string(bytes, 0, size));
        ASSERT_LT(some.size(), all.size());
        for (std::size_t i = 0; i < some.size(); ++i)
            EXPECT_EQ(some[i], all[i]);
    }
}

TEST(Frame, IsNotReadWithAnyBitFlipped) {
    std::string bytes;
    append_frame(bytes, "thirteen long", {.seed = 5, .unsynced = 100});
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        std::string damaged = bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ static_cast<char>(1U << (bit % 8)));
        EXPECT_FALSE(parse_frame(damaged, 5)) << "bit " << bit;
    }
}

TEST(Frame, IsNotReadWithTheSeedOfAnotherPlace) {
    std::string bytes;
    append_frame(bytes, "payload", {.seed = 5});
    EXPECT_TRUE(parse_frame(bytes, 5));
    EXPECT_FALSE(parse_frame(bytes, 6));
}

TEST(Frame, KeepsHowMuchBeforeItWasNotDurable) {
    std::string bytes;
    append_frame(bytes, "payload", {.unsynced = 4096});
    ASSERT_TRUE(parse_frame(bytes));
    EXPECT_EQ(parse_frame(bytes)->unsynced, 4096U);
}

TEST(Frame, AnImpossibleLengthIsNoFrame) {
    const std::string bytes(64, '\xFF');
    EXPECT_FALSE(claimed_frame_bytes(bytes));
    EXPECT_FALSE(parse_frame(bytes));
}

TEST(Frame, ZerosAreNoFrame) {
    EXPECT_FALSE(parse_frame(std::string(4096, '\0')));
}

}  // namespace
}  // namespace xorch
