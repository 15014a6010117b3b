#include "coordinator/client.h"

#include <gmock/gmock.h>

#include "core/wire/endpoint.h"
#include "tests/coordinator/serve/coordinator_fixture.h"

namespace xorch {
namespace {

class Client : public CoordinatorFixture {
 protected:
    // A coordinator with an agent that holds its units.
    void start_holding() {
        start(make_sweep(10));
        worker_.emplace(agent());
        worker_->finish_limit = 0;
        ASSERT_TRUE(worker_->run_until([&] { return !worker_->assigned.empty(); }));
    }

    std::optional<FakeAgent> worker_;
};

TEST_F(Client, IsAnsweredThroughTheSocket) {
    start_holding();
    AskSettings settings = ask_settings();
    settings.file_time = Millis(0);
    const auto reply = ask(disk_, settings, request("cancel"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->ok) << reply->text;
    EXPECT_EQ(units_in(UnitPhase::cancelled), 10U);
}

TEST_F(Client, IsAnsweredThroughTheInboxWhereTheSocketCannotBeReached) {
    start_holding();
    AskSettings settings = ask_settings();
    settings.socket_time = Millis(0);
    const auto reply = ask(disk_, settings, request("cancel", "{\"units\":[\"train/9\"]}"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->ok) << reply->text;
    EXPECT_EQ(units_in(UnitPhase::cancelled), 1U);
    EXPECT_TRUE(disk_.list(layout_.inbox()).value().empty());
}

TEST_F(Client, GetsTheSameAnswerForTheSameRequest) {
    start_holding();
    const ClientRequest same = request("cancel", "{\"units\":[\"train/9\"]}");
    const auto first = ask(disk_, ask_settings(), same);
    const auto second = ask(disk_, ask_settings(), same);
    AskSettings by_file = ask_settings();
    by_file.socket_time = Millis(0);
    const auto third = ask(disk_, by_file, same);
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(*first, *third);
}

TEST_F(Client, LearnsWhatIsWrongWithItsRequest) {
    start_holding();
    const auto reply = ask(disk_, ask_settings(), request("dance"));
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->ok);
    EXPECT_THAT(reply->text, testing::HasSubstr("dance"));
}

TEST_F(Client, LearnsThatNobodyReigns) {
    start(make_sweep(1));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    AskSettings settings = ask_settings();
    settings.socket_time = Millis(50);
    const auto reply = ask(disk_, settings, request("cancel"));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::not_found);
}

TEST_F(Client, CancelsWhereNobodyReigns) {
    sweep_ = make_sweep(10);
    FakeBackend backend;
    const OfflineSettings offline{.claim = claim_settings(), .backend = &backend};
    const auto reply =
        apply_offline(disk_, offline, sweep_, request("cancel", "{\"units\":[\"train/3\"]}"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_TRUE(reply->ok) << reply->text;
    const ReadState journal = read();
    EXPECT_TRUE(journal.end.ended);
    EXPECT_EQ(journal.state.unit({StageIndex{0}, 3}).phase, UnitPhase::cancelled);
}

TEST_F(Client, RepeatsAnOfflineRequestWithoutDoingItTwice) {
    sweep_ = make_sweep(10);
    FakeBackend backend;
    const OfflineSettings offline{.claim = claim_settings(), .backend = &backend};
    const ClientRequest same = request("cancel", "{\"units\":[\"train/3\"]}");
    const auto first = apply_offline(disk_, offline, sweep_, same);
    const auto second = apply_offline(disk_, offline, sweep_, same);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
}

TEST_F(Client, DoesNotReignBesideACoordinator) {
    start_holding();
    OfflineSettings offline{.claim = claim_settings(), .backend = &backend_};
    ++offline.claim.self.pid_started;
    const auto reply = apply_offline(disk_, offline, sweep_, request("cancel"));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace xorch
