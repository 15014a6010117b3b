#include "coordinator/loop.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <random>

#include "coordinator/report/status.h"
#include "core/wire/messages_codec.h"
#include "core/wire/spool_format.h"
#include "tests/coordinator/serve/coordinator_fixture.h"

namespace xorch {
namespace {

using testing::HasSubstr;

using Coordinator = CoordinatorFixture;

// Its allocations end when the test wants, not when they are asked to.
class StubbornBackend final : public Backend {
 public:
    explicit StubbornBackend(FakeBackend& inner) : inner_(inner) {}

    void take_over(Now, std::span<const AllocationState>) override {}

    void carry_out(Now now, const StartAllocation& order) override { inner_.carry_out(now, order); }

    void carry_out(Now, const EndAllocation&) override {}

    std::vector<AllocationEvent> poll(Now now) override { return inner_.poll(now); }

    int descriptor() const override { return inner_.descriptor(); }

    Millis next_poll() const override { return inner_.next_poll(); }

 private:
    FakeBackend& inner_;
};

TEST_F(Coordinator, RunsASweepToItsEnd) {
    start(make_sweep(100));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome()) << outcome().error().message;
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
    EXPECT_EQ(outcome()->status.units(UnitPhase::done), 100U);
    EXPECT_EQ(worker.assigned.size(), 100U);
    const ReadState journal = read();
    EXPECT_TRUE(journal.end.ended);
    EXPECT_TRUE(journal.state.complete());
    const auto fact =
        read_fact(disk_, layout_.journal(), journal.state.unit({StageIndex{0}, 42}).result);
    ASSERT_TRUE(fact);
    EXPECT_EQ(std::get<UnitFinished>(*fact).end.rows, "{\"x\":42}\n");
}

TEST_F(Coordinator, LeavesAStatusFileThatAgreesWithTheJournal) {
    start(make_sweep(10));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    const auto text = disk_.read(layout_.status());
    ASSERT_TRUE(text);
    const auto status = parse_status(*text);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(status->phase, SweepPhase::complete);
    EXPECT_EQ(status->bytes, read().end.bytes);
    EXPECT_EQ(status->epoch, read().end.epoch);
}

TEST_F(Coordinator, WritesTablesWhileItRuns) {
    std::atomic<int> written{0};
    settings_.write_tables = [&]() -> Result<void> {
        ++written;
        return {};
    };
    Sweep sweep = make_sweep(10);
    sweep.tuning.tables_every = Millis(1);
    start(std::move(sweep));
    FakeAgent worker = agent();
    worker.finish_limit = 5;
    EXPECT_TRUE(worker.run_until([&] { return written > 0; }));
    worker.finish_held();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
}

TEST_F(Coordinator, KeepsASnapshotFromWhichTheNextEpochStarts) {
    settings_.facts_per_snapshot = 5;
    start(make_sweep(50));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    ASSERT_TRUE(disk_.exists(layout_.snapshot(EpochNumber{1})).value());
    const ReadState with_snapshot = read();
    EXPECT_TRUE(with_snapshot.notes.empty());
    EXPECT_TRUE(with_snapshot.end.ended);
    ASSERT_TRUE(disk_.remove(layout_.snapshot(EpochNumber{1})));
    EXPECT_EQ(read().state.save(), with_snapshot.state.save());
}

TEST_F(Coordinator, StopsInOrderWhenAskedOnce) {
    start(make_sweep(100));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return !worker.assigned.empty(); }));
    stop_.wish();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    EXPECT_FALSE(worker.leave->at_once);
    ASSERT_TRUE(outcome());
    EXPECT_EQ(outcome()->status.phase, SweepPhase::stopped);
    EXPECT_EQ(outcome()->stops, 1U);
    EXPECT_TRUE(read().end.ended);
}

TEST_F(Coordinator, StopsAtOnceWhenAskedTwice) {
    start(make_sweep(100));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return !worker.assigned.empty(); }));
    stop_.wish();
    stop_.wish();
    ASSERT_TRUE(outcome());
    EXPECT_EQ(outcome()->stops, 2U);
    EXPECT_EQ(units_in(UnitPhase::assigned), 0U);
}

// The end of a cancelled unit is reported when nobody is there to acknowledge it.
TEST_F(Coordinator, HangsUpOnAnAgentThatSaidGoodbyeWhenTheReignIsOver) {
    sweep_ = make_sweep(1);
    settings_.farewell = 10 * patience;
    StubbornBackend backend(backend_);
    auto running = std::async(std::launch::async, [&] {
        return run_coordinator(settings_, sweep_, backend, disk_, stop_);
    });
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    EXPECT_TRUE(worker.run_until([&] { return !worker.held.empty(); }));
    const auto reply = ask(disk_, ask_settings(), request("cancel"));
    EXPECT_TRUE(reply && reply->ok);
    EXPECT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    // Nothing can be said once the connection is no more.
    EXPECT_TRUE(worker.run_until([&] { return !worker.say_bytes("anybody there?"); }));
    backend_.end(AllocationId{1}, "its agent left");
    const auto end = running.get();
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->status.units(UnitPhase::cancelled), 1U);
}

TEST_F(Coordinator, StartsNoAllocationThatEndedWhileItsKeysWereMade) {
    stop_.wish();
    stop_.wish();
    start(make_sweep(1));
    ASSERT_TRUE(outcome());
    EXPECT_EQ(read().state.allocations().size(), 1U);
    EXPECT_EQ(backend_.started.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(Coordinator, GoesOnWhereAnEarlierEpochStopped) {
    start(make_sweep(20));
    FakeAgent worker = agent();
    worker.finish_limit = 5;
    ASSERT_TRUE(worker.run_until([&] { return worker.acknowledged >= 5; }));
    stop_.wish();
    stop_.wish();
    ASSERT_TRUE(outcome());
    const std::uint32_t done = units_in(UnitPhase::done);
    EXPECT_GE(done, 5U);

    FakeBackend backend;
    FakeStop stop;
    auto again = std::async(std::launch::async, [&] {
        return run_coordinator(settings_, sweep_, backend, disk_, stop);
    });
    ASSERT_EQ(backend.started.wait_for(patience), std::future_status::ready);
    FakeAgent second(layout_, IncarnationId{0xb2}, backend.started.get());
    ASSERT_TRUE(second.join());
    ASSERT_TRUE(second.run_until([&] { return second.leave.has_value(); }));
    const auto end = again.get();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->status.phase, SweepPhase::complete);
    EXPECT_EQ(second.assigned.size(), 20U - done);
}

TEST_F(Coordinator, RefusesToReignBesideAnother) {
    start(make_sweep(5));
    FakeAgent worker = agent();
    CoordinatorSettings other = settings_;
    ++other.self.pid_started;  // another process, as far as anybody can tell
    FakeBackend backend;
    FakeStop stop;
    const auto refused = run_coordinator(other, sweep_, backend, disk_, stop);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(settings_.self.pid)));
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    EXPECT_TRUE(outcome());
}

TEST_F(Coordinator, RefusesAJournalOfAnotherSweep) {
    start(make_sweep(1));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    settings_.sweep_hash = "other";
    FakeBackend backend;
    FakeStop stop;
    const auto refused = run_coordinator(settings_, sweep_, backend, disk_, stop);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
}

TEST_F(Coordinator, GoesOnInANewEpochWhenAFullDiskHasSpaceAgain) {
    start(make_sweep(200));
    FakeAgent worker = agent();
    worker.finish_limit = 20;
    ASSERT_TRUE(worker.run_until([&] { return worker.acknowledged == 20; }));
    disk_.full = true;
    worker.finish_held();
    ASSERT_TRUE(worker.run_until([&] { return was_logged("the journal cannot be written"); }));
    const std::uint64_t acknowledged = worker.acknowledged;
    disk_.full = false;
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome()) << outcome().error().message;
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
    EXPECT_EQ(outcome()->status.units(UnitPhase::done), 200U);
    EXPECT_GE(read().end.epoch.value, 2U);
    EXPECT_GE(worker.acknowledged, acknowledged);
    EXPECT_TRUE(was_logged("can be written again"));
    // What was acknowledged before was not asked for again.
    EXPECT_LE(worker.assigned.size(), 200U + (200U - acknowledged));
}

TEST_F(Coordinator, CanBeStoppedWhileTheDiskIsFull) {
    start(make_sweep(200));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return !worker.assigned.empty(); }));
    disk_.full = true;
    backend_.end(AllocationId{1}, "to make it write");
    ASSERT_TRUE(worker.run_until([&] { return was_logged("the journal cannot be written"); }));
    stop_.wish();
    EXPECT_FALSE(outcome());
    EXPECT_EQ(outcome().error().code, ErrorCode::no_space);
}

TEST_F(Coordinator, ReadsTheSpoolOfAnAgentThatIsGone) {
    Sweep sweep = make_sweep(4);
    start(sweep);
    FakeAgent worker = agent(0xdead);
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return worker.assigned.size() == 4; }));
    std::vector<AgentMessage> reports;
    for (const Assignment& unit : worker.assigned)
        reports.emplace_back(worker.report_of(unit));
    const auto bytes = format_spool(IncarnationId{0xdead}, reports);
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(write_file_atomically(disk_, layout_.spool_file(IncarnationId{0xdead}), *bytes));
    backend_.end(AllocationId{1}, "its node died");
    ASSERT_TRUE(outcome());
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
    EXPECT_EQ(units_in(UnitPhase::done), 4U);
}

TEST_F(Coordinator, GivesUnitsTheRecordsOfTheirInputs) {
    Sweep sweep = make_sweep(3);
    Stage next = sweep.stages[0];
    next.name = "fuse";
    next.axes.clear();
    next.argv = {"fuse"};
    next.needs = {"train"};
    sweep.stages.push_back(next);
    start(sweep);
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    ASSERT_EQ(worker.assigned.size(), 4U);
    const std::string& inputs = worker.assigned.back().inputs;
    for (const char* record : {"\"x\":0", "\"x\":1", "\"x\":2"}) {
        EXPECT_THAT(inputs, HasSubstr(record));
    }
}

TEST_F(Coordinator, DoesNotHearAnAgentOfAnAllocationThatItsKeyIsNotOf) {
    start(make_sweep(5));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return worker.welcomes == 1; }));
    // The key of allocation 1 with the name of allocation 2.
    std::filesystem::copy(layout_.keys() + "/agent-1.secret", layout_.keys() + "/agent-2.secret");
    FakeAgent liar(layout_, IncarnationId{0xbad}, AllocationId{2});
    ASSERT_TRUE(liar.join());
    ASSERT_TRUE(liar.run_until([&, turns = 0]() mutable { return ++turns > 5; }));
    EXPECT_EQ(liar.welcomes, 0U);
    EXPECT_EQ(read().state.agents().size(), 1U);
}

TEST_F(Coordinator, IsUnharmedByFramesThatAreNoMessagesAndMessagesAboutNothing) {
    start(make_sweep(5));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return !worker.held.empty(); }));
    std::mt19937 random(5);
    std::vector<std::string> frames;
    for (std::size_t i = 0; i < 200; ++i) {
        frames.emplace_back(std::size_t{1} << (i % 16), '\0');
        for (char& byte : frames.back())
            byte = static_cast<char>(random());
    }
    for (const std::uint32_t index : {0U, 4U, 5U, 4'000'000'000U}) {
        EndReport report = worker.report_of(worker.held[0]);
        report.unit.index = index;
        report.attempt = AttemptNumber{77};
        const auto said = encode_agent_frames(IncarnationId{0xa1}, {{AgentMessage{report}}});
        ASSERT_TRUE(said);
        frames.insert(frames.end(), said->begin(), said->end());
    }
    for (const std::string& frame : frames)
        ASSERT_TRUE(worker.run_until([&] { return worker.say_bytes(frame); }));
    worker.finish_held();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome()) << outcome().error().message;
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
    for (std::uint32_t i = 0; i < 5; ++i)
        EXPECT_EQ(read().state.unit({StageIndex{0}, i}).attempt, 1U) << i;
}

}  // namespace
}  // namespace xorch
