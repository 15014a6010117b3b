#include "core/wire/messages_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "core/record.h"
#include "core/wire/spool_format.h"
#include "tests/support/random_facts.h"

namespace xorch {
namespace {

using Random = std::mt19937_64;

constexpr std::size_t checkpoint_kind = 11;  // CheckpointSealed in `Fact`
constexpr std::size_t finished_kind = 7;     // UnitFinished in `Fact`

std::uint32_t number(Random& random) {
    return static_cast<std::uint32_t>(random());
}

std::string text(Random& random) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}

UnitKey unit(Random& random) {
    return {StageIndex{number(random)}, number(random)};
}

AttemptNumber attempt(Random& random) {
    return AttemptNumber{number(random)};
}

Capacity capacity(Random& random) {
    return {number(random), number(random), Bytes{random()}};
}

std::vector<AssignedUnit> assigned(Random& random) {
    std::vector<AssignedUnit> units(random() % 4);
    for (AssignedUnit& each : units)
        each = {unit(random), attempt(random)};
    return units;
}

AgentMessage agent_message(Random& random, std::size_t kind) {
    const auto finished = std::get<UnitFinished>(random_fact(random, finished_kind));
    switch (kind) {
        case 0:
            return AgentHello{
                .incarnation = IncarnationId{random()},
                .allocation = AllocationId{number(random)},
                .node = text(random),
                .pid = random(),
                .capacity = capacity(random),
                .holding = assigned(random),
                .first_unacknowledged = random()};
        case 1:
            return AgentHeartbeat{
                Millis(number(random)), number(random), number(random), random() % 2 == 0};
        case 2:
            return AttemptStarted{unit(random), attempt(random), random()};
        case 3:
            return CheckpointReport{
                random(), std::get<CheckpointSealed>(random_fact(random, checkpoint_kind))};
        case 4:
            return EndReport{random(), finished.unit, finished.attempt, finished.end};
        default:
            return AgentGoodbye{text(random)};
    }
}

Assignment assignment(Random& random) {
    Assignment made{
        .unit = unit(random),
        .attempt = attempt(random),
        .id = {},
        .params = text(random),
        .inputs = text(random),
        .seed = number(random),
        .alone = random() % 2 == 0,
        .timeout_left = Millis(number(random)),
        .hosts = {}};
    for (std::uint8_t& byte : made.id.bytes)
        byte = static_cast<std::uint8_t>(random());
    for (std::size_t i = random() % 3; i > 0; --i)
        made.hosts.push_back({text(random), number(random)});
    return made;
}

Welcome welcome(Random& random) {
    Welcome made{EpochNumber{number(random)}, assigned(random), random(), {}};
    for (std::size_t i = random() % 3; i > 0; --i)
        made.lends.push_back({assignment(random).id, attempt(random)});
    return made;
}

CoordinatorMessage coordinator_message(Random& random, std::size_t kind) {
    switch (kind) {
        case 0:
            return welcome(random);
        case 1: {
            Assign assign;
            for (std::size_t i = random() % 4; i > 0; --i) {
                assign.units.push_back(assignment(random));
            }
            return assign;
        }
        case 2:
            return StopAttempt{
                unit(random), attempt(random), static_cast<Cause>(random() % 15), true};
        case 3:
            return Acknowledge{random()};
        case 4:
            return CoordinatorHeartbeat{Millis(number(random))};
        case 5:
            return Leave{text(random), random() % 2 == 0};
        default:
            return EndRanks{assignment(random).id, attempt(random)};
    }
}

std::vector<AgentMessage> agent_messages(Random& random) {
    std::vector<AgentMessage> messages;
    for (std::size_t i = 0; i < 12; ++i)
        messages.push_back(agent_message(random, i % 6));
    return messages;
}

std::vector<CoordinatorMessage> coordinator_messages(Random& random) {
    std::vector<CoordinatorMessage> messages;
    for (std::size_t i = 0; i < 12; ++i)
        messages.push_back(coordinator_message(random, i % 7));
    return messages;
}

std::string only_frame(const Result<std::vector<std::string>>& frames) {
    EXPECT_TRUE(frames);
    EXPECT_EQ(frames->size(), 1U);
    return frames->front();
}

TEST(MessagesCodec, BringsBackWhatAgentsSay) {
    Random random(1);
    for (std::size_t round = 0; round < 200; ++round) {
        const auto messages = agent_messages(random);
        const IncarnationId from{random()};
        const auto frame = decode_agent_frame(only_frame(encode_agent_frames(from, messages)));
        ASSERT_TRUE(frame) << frame.error().message;
        EXPECT_EQ(frame->from, from);
        EXPECT_EQ(frame->messages, messages);
    }
}

TEST(MessagesCodec, BringsBackWhatTheCoordinatorSays) {
    Random random(2);
    for (std::size_t round = 0; round < 200; ++round) {
        const auto messages = coordinator_messages(random);
        const auto bytes = only_frame(encode_coordinator_frames({7}, messages));
        const auto frame = decode_coordinator_frame(bytes);
        ASSERT_TRUE(frame) << frame.error().message;
        EXPECT_EQ(frame->epoch, EpochNumber{7});
        EXPECT_EQ(frame->messages, messages);
    }
}

TEST(MessagesCodec, BringsBackRequestsAndReplies) {
    Random random(3);
    for (int round = 0; round < 100; ++round) {
        const ClientRequest request{text(random), text(random), text(random)};
        EXPECT_EQ(decode_request(encode_request(request).value()).value(), request);
        const ClientReply reply{text(random), round % 2 == 0, text(random)};
        EXPECT_EQ(decode_reply(encode_reply(reply).value()).value(), reply);
    }
}

TEST(MessagesCodec, MakesNoFrameOfNoMessages) {
    EXPECT_TRUE(encode_agent_frames({1}, {}).value().empty());
    EXPECT_TRUE(encode_coordinator_frames({1}, {}).value().empty());
}

TEST(MessagesCodec, SplitsWhatDoesNotFitOneFrame) {
    std::vector<AgentMessage> messages;
    for (std::uint64_t i = 1; i <= 30; ++i) {
        EndReport report{.sequence = i, .unit = {}, .attempt = {}, .end = {}};
        report.end.rows = std::string(900'000, static_cast<char>('a' + i % 26));
        messages.emplace_back(report);
    }
    const auto frames = encode_agent_frames({5}, messages);
    ASSERT_TRUE(frames);
    EXPECT_GT(frames->size(), 3U);
    std::vector<AgentMessage> together;
    for (const std::string& bytes : *frames) {
        EXPECT_LE(bytes.size(), frame_bytes_max);
        const auto frame = decode_agent_frame(bytes);
        ASSERT_TRUE(frame);
        together.insert(together.end(), frame->messages.begin(), frame->messages.end());
    }
    EXPECT_EQ(together, messages);
}

TEST(MessagesCodec, RefusesAMessageThatDoesNotFitAFrame) {
    const std::vector<AgentMessage> messages{AgentGoodbye{std::string(frame_bytes_max, 'x')}};
    const auto frames = encode_agent_frames({5}, messages);
    ASSERT_FALSE(frames);
    EXPECT_EQ(frames.error().code, ErrorCode::invalid_input);
    EXPECT_FALSE(
        encode_request({.id = std::string(frame_bytes_max, 'x'), .verb = {}, .arguments = {}})
    );
}

TEST(MessagesCodec, DoesNotTakeAFrameForOneOfAnotherDirection) {
    Random random(4);
    const auto agent = only_frame(encode_agent_frames({1}, agent_messages(random)));
    const auto coordinator =
        only_frame(encode_coordinator_frames({1}, coordinator_messages(random)));
    const auto request = encode_request({.id = "a", .verb = "b", .arguments = "c"}).value();
    EXPECT_FALSE(decode_coordinator_frame(agent));
    EXPECT_FALSE(decode_request(agent));
    EXPECT_FALSE(decode_agent_frame(coordinator));
    EXPECT_FALSE(decode_reply(request));
    EXPECT_FALSE(decode_agent_frame(request));
}

TEST(MessagesCodec, ReadsFromAnyAddress) {
    Random random(5);
    const auto messages = agent_messages(random);
    const auto bytes = only_frame(encode_agent_frames({9}, messages));
    for (std::size_t shift = 0; shift < 9; ++shift) {
        const std::string moved = std::string(shift, 'x') + bytes;
        const auto frame = decode_agent_frame(std::string_view(moved).substr(shift));
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->messages, messages);
    }
}

// The decoders may accept or refuse these, but must touch nothing outside the bytes: asan looks.
TEST(MessagesCodec, SurvivesEveryTruncationAndManyFlippedBits) {
    Random random(6);
    const auto agent = only_frame(encode_agent_frames({1}, agent_messages(random)));
    const auto coordinator =
        only_frame(encode_coordinator_frames({1}, coordinator_messages(random)));
    std::size_t refused = 0;
    for (const std::string& frame : {agent, coordinator}) {
        for (std::size_t size = 0; size < frame.size(); ++size) {
            const std::string cut(frame, 0, size);
            if (!decode_agent_frame(cut) && !decode_coordinator_frame(cut)) ++refused;
        }
        for (std::size_t round = 0; round < 20'000; ++round) {
            std::string flipped = frame;
            for (std::uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
                char& byte = flipped[random() % flipped.size()];
                byte = static_cast<char>(random());
            }
            if (!decode_agent_frame(flipped) && !decode_coordinator_frame(flipped)) ++refused;
        }
    }
    EXPECT_GT(refused, 1'000U);
}

TEST(MessagesCodec, RefusesRandomBytes) {
    Random random(7);
    for (std::size_t round = 0; round < 2'000; ++round) {
        std::string junk(random() % 200, '\0');
        for (char& byte : junk)
            byte = static_cast<char>(random());
        EXPECT_FALSE(decode_agent_frame(junk));
        EXPECT_FALSE(decode_coordinator_frame(junk));
        EXPECT_FALSE(decode_request(junk));
        EXPECT_FALSE(decode_reply(junk));
    }
}

TEST(Spool, BringsBackReportsAcrossAppends) {
    Random random(8);
    const auto first = agent_messages(random);
    const auto second = agent_messages(random);
    const IncarnationId incarnation{77};
    const std::string bytes =
        format_spool(incarnation, first).value() + format_spool(incarnation, second).value();
    const auto contents = parse_spool(incarnation, bytes);
    ASSERT_TRUE(contents) << contents.error().message;
    std::vector<AgentMessage> expected = first;
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_EQ(contents->reports, expected);
    EXPECT_TRUE(contents->whole);
    EXPECT_EQ(contents->bytes, bytes.size());
}

TEST(Spool, EndsAtATornTail) {
    Random random(9);
    const auto reports = agent_messages(random);
    const IncarnationId incarnation{77};
    const std::string one = format_spool(incarnation, reports).value();
    const std::string two = one + one;
    for (std::size_t size = one.size() + 1; size < two.size(); size += 7) {
        const auto contents = parse_spool(incarnation, std::string_view(two).substr(0, size));
        ASSERT_TRUE(contents);
        EXPECT_EQ(contents->reports, reports);
        EXPECT_EQ(contents->bytes, one.size());
        EXPECT_FALSE(contents->whole);
    }
}

TEST(Spool, OfAnotherAgentIsNotRead) {
    Random random(10);
    const std::string bytes = format_spool({77}, agent_messages(random)).value();
    const auto contents = parse_spool({78}, bytes);
    ASSERT_TRUE(contents);
    EXPECT_TRUE(contents->reports.empty());
    EXPECT_FALSE(contents->whole);
}

}  // namespace
}  // namespace xorch
