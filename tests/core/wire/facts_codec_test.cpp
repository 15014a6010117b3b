#include "core/wire/facts_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "facts_generated.h"
#include "tests/support/random_facts.h"

namespace xorch {
namespace {

class EveryKind : public testing::TestWithParam<std::size_t> {};

TEST_P(EveryKind, ComesBackAsItWas) {
    std::mt19937_64 random(GetParam());
    for (int round = 0; round < 200; ++round) {
        FactBatch batch{.at_unix = Millis(round), .facts = {}};
        for (int i = 0; i < 3; ++i)
            batch.facts.push_back(random_fact(random, GetParam()));
        std::string bytes;
        encode_facts(batch, bytes);
        const auto decoded = decode_facts(bytes);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(decoded->at_unix, batch.at_unix);
        EXPECT_EQ(decoded->facts, batch.facts);
    }
}

INSTANTIATE_TEST_SUITE_P(
    FactsCodec, EveryKind, testing::Range(std::size_t{0}, std::variant_size_v<Fact>)
);

std::string encoded(const FactBatch& batch) {
    std::string bytes;
    encode_facts(batch, bytes);
    return bytes;
}

TEST(FactsCodec, AppendsToWhatIsThere) {
    std::string bytes = "before";
    encode_facts({.at_unix = Millis(7), .facts = {SweepPaused{"why"}}}, bytes);
    ASSERT_EQ(bytes.substr(0, 6), "before");
    EXPECT_TRUE(decode_facts(std::string_view(bytes).substr(6)));
}

TEST(FactsCodec, ReadsFromAnyAddress) {
    std::mt19937_64 random(1);
    const FactBatch batch = random_batch(random);
    const std::string bytes = encoded(batch);
    for (std::size_t shift = 0; shift < 9; ++shift) {
        const std::string moved = std::string(shift, 'x') + bytes;
        const auto decoded = decode_facts(std::string_view(moved).substr(shift));
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->facts, batch.facts);
    }
}

TEST(FactsCodec, SurvivesEveryTruncation) {
    std::mt19937_64 random(2);
    for (std::size_t kind = 0; kind < std::variant_size_v<Fact>; ++kind) {
        const FactBatch batch{.at_unix = Millis(1), .facts = {random_fact(random, kind)}};
        const std::string bytes = encoded(batch);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const auto decoded = decode_facts(std::string(bytes, 0, size));
            EXPECT_TRUE(!decoded || size > 0);
        }
    }
}

TEST(FactsCodec, SurvivesEveryFlippedBit) {
    std::mt19937_64 random(3);
    std::size_t refused = 0;
    for (std::size_t kind = 0; kind < std::variant_size_v<Fact>; ++kind) {
        const FactBatch batch{.at_unix = Millis(1), .facts = {random_fact(random, kind)}};
        std::string bytes = encoded(batch);
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            const auto mask = static_cast<char>(1U << (bit % 8));
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
            if (!decode_facts(bytes)) ++refused;
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
        }
    }
    EXPECT_GT(refused, 0U);
}

TEST(FactsCodec, SurvivesRandomBytes) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(random() % 200, '\0');
        for (char& byte : bytes)
            byte = static_cast<char>(random() % 16);
        const auto decoded = decode_facts(bytes);
        EXPECT_TRUE(decoded || decoded.error().code == ErrorCode::corrupted);
    }
}

std::string one_table(wire::Fact kind, const flatbuffers::Offset<void>& table, auto& builder) {
    const auto kinds = builder.CreateVector(std::vector<wire::Fact>{kind});
    const auto tables = builder.CreateVector(std::vector<flatbuffers::Offset<void>>{table});
    builder.Finish(wire::CreateFactBatch(builder, 1, kinds, tables));
    return std::string(
        reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()
    );
}

TEST(FactsCodec, RefusesAKindOfFactThatItDoesNotKnow) {
    flatbuffers::FlatBufferBuilder builder;
    const auto table = wire::CreateSweepContinued(builder).Union();
    const auto decoded = decode_facts(one_table(static_cast<wire::Fact>(200), table, builder));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, ErrorCode::corrupted);
    EXPECT_NE(decoded.error().message.find("unknown kind 200"), std::string::npos);
}

TEST(FactsCodec, RefusesACauseThatItDoesNotKnow) {
    flatbuffers::FlatBufferBuilder builder;
    const auto end = wire::CreateAttemptEnd(builder, 250);
    const wire::UnitKey unit(0, 0);
    const auto table = wire::CreateUnitFailed(builder, &unit, 1, end).Union();
    EXPECT_FALSE(decode_facts(one_table(wire::Fact::UnitFailed, table, builder)));
}

TEST(FactsCodec, RefusesAnEndedAttemptWithoutItsUnit) {
    flatbuffers::FlatBufferBuilder builder;
    const auto end = wire::CreateAttemptEnd(builder);
    const auto table = wire::CreateUnitFailed(builder, nullptr, 1, end).Union();
    EXPECT_FALSE(decode_facts(one_table(wire::Fact::UnitFailed, table, builder)));
}

TEST(FactsCodec, AnEmptyBatchIsABatch) {
    const auto decoded = decode_facts(encoded({.at_unix = Millis(0), .facts = {}}));
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->facts.empty());
}

}  // namespace
}  // namespace xorch
