#include "core/wire/runner_codec.h"

#include <gtest/gtest.h>

#include "core/frame.h"

namespace xorch {
namespace {

RunUnit full_unit() {
    return {
        .serial = 7,
        .id = "0123",
        .attempt = 3,
        .job = "example.regression",
        .job_version = 2,
        .params = "/p/params.json",
        .inputs = "/p/inputs.json",
        .seed = 0xFFFF'FFFF,
        .threads = 4,
        .out = "/p/out",
        .publish = "/p/publish",
        .resume = "/p/ckpt-1",
        .records = "/p/records.jsonl",
        .checkpoint_every = Millis(1500),
        .time_left = Millis(99),
        .cpus = {0, 5}
    };
}

UnitReturned full_return() {
    return {
        .serial = 8,
        .outcome = UnitOutcome::out_of_memory,
        .message = "too big",
        .env_key = "torch",
        .remark = "resumed elsewhere",
        .memory_peak = 1ULL << 40U,
        .worn = true};
}

std::string payload_of(const std::string& bytes) {
    FrameInbox inbox;
    inbox.add(bytes);
    const auto payload = inbox.next();
    return payload && *payload ? **payload : "";
}

TEST(RunnerCodec, OrdersComeBackAsTheyWere) {
    for (const RunnerOrder& order : {RunnerOrder(full_unit()), RunnerOrder(StopUnit{9})}) {
        const auto decoded = decode_runner_order(payload_of(encode_runner_order(order)));
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(*decoded, order);
    }
}

TEST(RunnerCodec, NewsComeBackAsTheyWere) {
    for (const RunnerNews& news : {RunnerNews(full_return()), RunnerNews(UnitPublished{1})}) {
        const auto decoded = decode_runner_news(payload_of(encode_runner_news(news)));
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(*decoded, news);
    }
}

TEST(RunnerCodec, OneDirectionIsNotTakenForTheOther) {
    const std::string order = payload_of(encode_runner_order(StopUnit{1}));
    EXPECT_EQ(decode_runner_news(order).error().code, ErrorCode::corrupted);
    const std::string news = payload_of(encode_runner_news(UnitPublished{1}));
    EXPECT_EQ(decode_runner_order(news).error().code, ErrorCode::corrupted);
}

TEST(RunnerCodec, ATruncatedMessageIsNotTakenForTheWhole) {
    const std::string payload = payload_of(encode_runner_order(full_unit()));
    for (std::size_t size = 0; size + 8 < payload.size(); ++size) {
        const auto decoded = decode_runner_order(payload.substr(0, size));
        EXPECT_FALSE(decoded && *decoded == RunnerOrder(full_unit())) << size;
    }
}

TEST(FrameInbox, PutsTogetherWhatComesByteByByte) {
    const std::string bytes = encode_runner_order(full_unit()) + encode_runner_order(StopUnit{2});
    FrameInbox inbox;
    std::vector<RunnerOrder> seen;
    for (const char byte : bytes) {
        inbox.add({&byte, 1});
        const auto payload = inbox.next();
        ASSERT_TRUE(payload);
        if (*payload) seen.push_back(*decode_runner_order(**payload));
    }
    EXPECT_EQ(seen, (std::vector<RunnerOrder>{full_unit(), StopUnit{2}}));
}

TEST(FrameInbox, GivesOutSeveralFramesThatCameAtOnce) {
    FrameInbox inbox;
    inbox.add(encode_runner_order(StopUnit{1}) + encode_runner_order(StopUnit{2}));
    EXPECT_EQ(decode_runner_order(**inbox.next()), RunnerOrder(StopUnit{1}));
    EXPECT_EQ(decode_runner_order(**inbox.next()), RunnerOrder(StopUnit{2}));
    EXPECT_FALSE(inbox.next()->has_value());
}

TEST(FrameInbox, ADamagedFrameIsAnError) {
    std::string bytes = encode_runner_order(full_unit());
    bytes.back() = static_cast<char>(~bytes.back());
    bytes[frame_header_bytes + 4] = static_cast<char>(~bytes[frame_header_bytes + 4]);
    FrameInbox inbox;
    inbox.add(bytes);
    EXPECT_EQ(inbox.next().error().code, ErrorCode::corrupted);
}

TEST(FrameInbox, AnAbsurdLengthIsAnErrorBeforeItsBytesCome) {
    FrameInbox inbox;
    inbox.add(std::string(frame_header_bytes, '\x7F'));
    EXPECT_EQ(inbox.next().error().code, ErrorCode::corrupted);
}

}  // namespace
}  // namespace xorch
