#include "coordinator/journal/journal_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "coordinator/journal/alive.h"
#include "core/io/posix_disk.h"
#include "core/layout.h"
#include "tests/coordinator/journal/journal_fixture.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;

class Thread : public testing::Test {
 protected:
    JournalWriter claim(Disk& disk) {
        auto writer =
            JournalWriter::claim(disk, directory_.path(), {}, holder_with_pid(1), sweep_hash);
        EXPECT_TRUE(writer);
        return std::move(*writer);
    }

    std::unique_ptr<JournalThread> start(Disk& disk, JournalWriter& writer) {
        auto thread = JournalThread::start(disk, writer, {});
        EXPECT_TRUE(thread);
        return std::move(*thread);
    }

    // Waits, as the loop does, until something changed that satisfies `enough`.
    template <class Enough>
    static void wait_until(JournalThread& thread, Enough enough) {
        while (true) {
            thread.clear_wakeup();
            if (enough()) return;
            pollfd readable{.fd = thread.descriptor(), .events = POLLIN, .revents = 0};
            ASSERT_EQ(::poll(&readable, 1, 30'000), 1) << "nothing happened for 30 s";
        }
    }

    std::vector<std::string> read() {
        std::vector<std::string> reasons;
        const auto end = replay_journal(
            disk_,
            directory_.path(),
            [&](const FactBatch& batch, FactLocation) -> Result<void> {
                reasons.push_back(std::get<SweepPaused>(batch.facts.at(0)).reason);
                return {};
            }
        );
        EXPECT_TRUE(end);
        return reasons;
    }

    TemporaryDirectory directory_;
    PosixDisk disk_;
};

TEST_F(Thread, SaysWhenSubmittedFactsAreDurable) {
    JournalWriter writer = claim(disk_);
    const auto thread = start(disk_, writer);
    std::vector<std::string> expected;
    for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) {
        expected.push_back(std::to_string(sequence));
        writer.stage(batch_saying(expected.back()));
        thread->submit(writer.take_staged(), sequence);
    }
    wait_until(*thread, [&] { return thread->durable() == 100; });
    EXPECT_EQ(thread->queued_bytes(), 0U);
    EXPECT_FALSE(thread->failure());
    EXPECT_EQ(read(), expected);
}

TEST_F(Thread, WritesWhatIsQueuedBeforeItEnds) {
    JournalWriter writer = claim(disk_);
    auto thread = start(disk_, writer);
    writer.stage(batch_saying("last words"));
    thread->submit(writer.take_staged(), 1);
    thread.reset();
    EXPECT_THAT(read(), ElementsAre("last words"));
}

TEST_F(Thread, NeverTriesAgainAfterAFailedSync) {
    FaultyDisk faulty(disk_, Fault{.operation = 1'000'000});
    JournalWriter counted = claim(faulty);
    const std::uint64_t operations = faulty.operations();
    FaultyDisk failing(disk_, Fault{.operation = operations + 1});  // append, then the sync
    const TemporaryDirectory elsewhere;
    auto claimed =
        JournalWriter::claim(failing, elsewhere.path(), {}, holder_with_pid(1), sweep_hash);
    ASSERT_TRUE(claimed);
    const auto thread = start(failing, *claimed);
    claimed->stage(batch_saying("a"));
    thread->submit(claimed->take_staged(), 1);
    wait_until(*thread, [&] { return thread->failure().has_value(); });
    const std::uint64_t at_failure = failing.operations();
    claimed->stage(batch_saying("b"));
    thread->submit(claimed->take_staged(), 2);
    EXPECT_EQ(thread->durable(), 0U);
    EXPECT_EQ(thread->queued_bytes(), 0U);
    EXPECT_EQ(failing.operations(), at_failure);
    EXPECT_FALSE(claimed->write("anything"));
    EXPECT_EQ(failing.operations(), at_failure);
}

TEST_F(Thread, BumpsTheAliveCounter) {
    JournalWriter writer = claim(disk_);
    const std::string path = directory_ / "000001.alive";
    auto started = JournalThread::start(
        disk_, writer, {.commit_wait = Millis(1), .alive_every = Millis(1), .alive_path = path}
    );
    ASSERT_TRUE(started);
    // Each commit takes at least as long as a beat is due, so beats happen between them.
    for (std::uint64_t sequence = 1; read_alive(disk_, path).value().value_or(0) < 3; ++sequence) {
        ASSERT_LT(sequence, 100'000U);
        writer.stage(batch_saying("a"));
        (*started)->submit(writer.take_staged(), sequence);
        wait_until(**started, [&] { return (*started)->durable() == sequence; });
    }
    EXPECT_FALSE((*started)->alive_failure());
}

}  // namespace
}  // namespace xorch
