#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "core/hash.h"
#include "tests/worker/attempt/harness.h"
#include "worker/checkpoint_store.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Publishes a folder as tools/python/xorch.py does, then waits to be stopped.
constexpr const char* publishing =
    "save() {{ d=$XORCH_CHECKPOINT_DIR/step-$1; mkdir $d.tmp; echo state $1 > $d.tmp/s;"
    "  printf '{{\"step\": %s}}' $1 > $d.tmp/xorch.json; mv $d.tmp $d; }}\n"
    "row() {{ echo \"{{\\\"epoch\\\": $1}}\" >> $XORCH_RECORDS; }}\n";

constexpr const char* waiting =
    "echo > ready ok; while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done; exit 75\n";

AttemptEnd stop(AttemptHarness& harness, std::uint32_t attempt = 1) {
    harness.order(EndAttempt{.unit = {}, .attempt = {attempt}, .cause = Cause::time_limit});
    return harness.wait_for_end(0, attempt);
}

std::string attempt_directory(const AttemptHarness& harness, std::uint32_t attempt = 1) {
    return harness.layout().attempt(hash_unit("0"), {attempt});
}

TEST(CheckpointOfAUnit, IsSealedAndReportedWithItsStep) {
    AttemptHarness harness;
    harness.shell(std::string(publishing) + "save 7\n" + waiting);
    harness.start(0);
    const CheckpointSealed sealed = harness.wait_for_checkpoint(0);
    EXPECT_EQ(sealed.sequence, 1U);
    EXPECT_EQ(sealed.step, 7);
    EXPECT_EQ(read_text(attempt_directory(harness) + "/ckpt-1/s"), "state 7\n");
    const AttemptEnd end = stop(harness);
    EXPECT_EQ(end.cause, Cause::time_limit);
    EXPECT_EQ(end.checkpoint_sequence, 1U);
    EXPECT_EQ(end.checkpoint_step, 7);
}

bool keeps_birth_times(const std::string& path) {
    struct statx status {};

    return ::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &status) == 0 &&
           (status.stx_mask & STATX_BTIME) != 0;
}

// What is asked to stop at the end of an allocation needs the time that its own program takes, too.
TEST(CheckpointOfAUnit, TookAsLongAsTheUnitWroteIt) {
    AttemptHarness harness;
    if (!keeps_birth_times(harness.layout().root)) {
        GTEST_SKIP() << "the file system of " << harness.layout().root << " keeps no birth times";
    }
    harness.shell(
        "d=$XORCH_CHECKPOINT_DIR/a; mkdir $d.tmp; echo > ready ok\n"
        "while ! test -e go; do read x < /dev/null; done; echo 1 > $d.tmp/s; mv $d.tmp $d\n" +
        std::string(waiting)
    );
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    harness.turn_until([&] { return Clock::now() - begin >= std::chrono::milliseconds(60); });
    write_text(harness.directory() + "/go", "go");
    // The kernel stamps files with its last tick, 10 ms ago at most.
    EXPECT_GE(harness.wait_for_checkpoint(0).took, Millis(50));
    EXPECT_EQ(stop(harness).cause, Cause::time_limit);
}

TEST(CheckpointOfAUnit, OnePublishedJustBeforeTheEndIsSealed) {
    AttemptHarness harness;
    harness.shell(std::string(publishing) + "save 3; exit 75");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::checkpointed);
    EXPECT_EQ(end.checkpoint_step, 3);
}

TEST(CheckpointOfAUnit, TheNextAttemptResumesFromItWithItsRows) {
    AttemptHarness harness;
    harness.shell(
        std::string(publishing) +
        "if test -z \"$XORCH_RESUME\"; then row 1; save 1; exit 75; fi\n"
        "test \"$(cat $XORCH_RESUME/s)\" = 'state 1' || exit 9\n"
        "row 2"
    );
    EXPECT_EQ(harness.run().cause, Cause::checkpointed);
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_TRUE(end.resumed);
    EXPECT_EQ(end.rows, "{\"epoch\":1}\n{\"epoch\":2}\n");
}

// A unit that is killed after its record was written and before it was reported as done writes it
// again.
TEST(CheckpointOfAUnit, ARowThatCameAfterItIsNotDoubled) {
    AttemptHarness harness;
    harness.shell(
        std::string(publishing) +
        "if test -z \"$XORCH_RESUME\"; then row 1; save 1; row 2; exit 75; fi\n"
        "row 2"
    );
    EXPECT_EQ(harness.run().checkpoint_step, 1);
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(end.rows, "{\"epoch\":1}\n{\"epoch\":2}\n") << end.message << end.tail;
}

TEST(CheckpointOfAUnit, ADamagedOneIsSaidAndTheOneBeforeItUsed) {
    AttemptHarness harness;
    harness.shell(
        std::string(publishing) +
        "if test -z \"$XORCH_RESUME\"; then save 1; while ! test -e one; do read x </dev/null; "
        "done;"
        " save 2; exit 75; fi\n"
        "cat $XORCH_RESUME/s"
    );
    harness.start(0);
    harness.wait_for_checkpoint(0);
    write_text(harness.directory() + "/one", "sealed");
    EXPECT_EQ(harness.wait_for_end(0).checkpoint_step, 2);
    write_text(attempt_directory(harness) + "/ckpt-2/s", "state X\n");
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_EQ(harness.output_of(end), "state 1\n");
    EXPECT_THAT(end.message, HasSubstr("checkpoint 2 of attempt 1 is damaged: s is not what"));
}

TEST(CheckpointOfAUnit, OnlyTwoAreKeptAndNoneOnceTheUnitIsDone) {
    AttemptHarness harness;
    harness.shell(
        std::string(publishing) +
        "for i in 1 2 3; do save $i; while ! test -e go$i; do read x </dev/null; done; done; true"
    );
    harness.start(0);
    for (const char* go : {"/go1", "/go2"}) {
        harness.wait_for_checkpoint(0);
        write_text(harness.directory() + go, "go");
    }
    harness.wait_for_checkpoint(0);
    EXPECT_FALSE(std::filesystem::exists(attempt_directory(harness) + "/ckpt-1"));
    EXPECT_TRUE(std::filesystem::exists(attempt_directory(harness) + "/ckpt-2"));
    write_text(harness.directory() + "/go3", "go");
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::none);
    harness.turn_until([&] {
        return !std::filesystem::exists(attempt_directory(harness) + "/ckpt-2") &&
               !std::filesystem::exists(attempt_directory(harness) + "/ckpt-3");
    });
}

TEST(CheckpointOfAUnit, TheLastOneStaysIfAsked) {
    AttemptHarness harness;
    harness.stage().checkpoints.after = KeepCheckpoints::last;
    harness.shell(std::string(publishing) + "save 1");
    EXPECT_EQ(harness.run().cause, Cause::none);
    harness.tick(3);
    EXPECT_TRUE(std::filesystem::exists(attempt_directory(harness) + "/ckpt-1"));
}

TEST(CheckpointOfAUnit, ASymbolicLinkInItIsRefused) {
    AttemptHarness harness;
    harness.shell(
        "d=$XORCH_CHECKPOINT_DIR; mkdir $d/a.tmp; ln -s /etc/passwd $d/a.tmp/x; mv $d/a.tmp $d/a"
    );
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.checkpoint_sequence, 0U);
    EXPECT_THAT(end.message, HasSubstr("x is a symbolic link"));
}

TEST(CheckpointOfAUnit, FileNamesMayBeAnyBytes) {
    AttemptHarness harness;
    harness.shell(
        "test -n \"$XORCH_RESUME\" && exec cat \"$XORCH_RESUME\"/sub/*\n"
        "d=$XORCH_CHECKPOINT_DIR; mkdir -p $d/a.tmp/sub; echo x > \"$d/a.tmp/sub/$(printf 'n\\377 "
        "%%\\n.')\";"
        " mv $d/a.tmp $d/a; exit 75"
    );
    EXPECT_EQ(harness.run().checkpoint_sequence, 1U);
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(harness.output_of(end), "x\n") << end.message;
}

TEST(CheckpointFromAFile, IsPublishedOnceItIsStableAndGivenBackByName) {
    AttemptHarness harness;
    harness.stage().checkpoints.from = "ckpt/*.pt";
    harness.stage().argv_resume = {"/bin/sh", "-c", "cat {resume}; cat {out}/ckpt/e1.pt"};
    harness.shell("mkdir {out}/ckpt; echo weights > {out}/ckpt/e1.pt\n" + std::string(waiting));
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
    harness.tick(1);
    harness.turn_until([&] { return harness.runner().next_poll() > Millis(0); });
    for (int i = 0; i < 20; ++i)
        harness.tick(1);
    EXPECT_EQ(harness.wait_for_checkpoint(0).sequence, 1U);
    EXPECT_EQ(stop(harness).cause, Cause::time_limit);
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(harness.output_of(end), "weights\nweights\n") << end.message;
}

TEST(CheckpointFromAFile, OneThatIsBeingWrittenIsNotTaken) {
    AttemptHarness harness;
    harness.stage().checkpoints.from = "last.ckpt";
    harness.shell(
        "exec 5> {out}/last.ckpt; echo part >&5; echo > ready ok;"
        " while ! test -e go; do read x < /dev/null; done; echo rest >&5; exec 5>&-\n" +
        std::string(waiting)
    );
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
    for (int i = 0; i < 10; ++i)
        harness.tick(1);
    EXPECT_FALSE(std::filesystem::exists(attempt_directory(harness) + "/ckpt-1"));
    write_text(harness.directory() + "/go", "go");
    EXPECT_EQ(stop(harness).checkpoint_sequence, 1U);
    EXPECT_EQ(read_text(attempt_directory(harness) + "/ckpt-1/last.ckpt"), "part\nrest\n");
}

TEST(CheckpointFromAFile, RowsPrintedBeforeItAreNotLostAndNotDoubled) {
    AttemptHarness harness;
    harness.stage().checkpoints.from = "last.ckpt";
    harness.stage().records.from.stdout_pattern = "epoch (?<epoch>\\d+) acc=(?<acc>\\S+)";
    harness.shell(
        "if test -e {out}/last.ckpt; then echo epoch 2 acc=0.5; echo epoch 3 acc=0.6; exit 0; fi\n"
        "echo epoch 1 acc=0.4; echo 1 > {out}/last.ckpt; echo epoch 2 acc=0.5; exit 75"
    );
    EXPECT_EQ(harness.run().checkpoint_sequence, 1U);
    const AttemptEnd end = harness.resume(2);
    EXPECT_EQ(
        end.rows,
        "{\"epoch\":1,\"acc\":0.4}\n{\"epoch\":2,\"acc\":0.5}\n{\"epoch\":3,\"acc\":0.6}\n"
    ) << end.message;
}

TEST(CheckpointFromAFile, RowsOfEveryAttemptAreKept) {
    AttemptHarness harness;
    harness.stage().checkpoints.from = "last.ckpt";
    harness.stage().records.from.stdout_pattern = "epoch (?<epoch>\\d+)";
    harness.shell(
        "n=1; if test -e {out}/last.ckpt; then n=$(cat {out}/last.ckpt); n=$((n + 1)); fi\n"
        "echo epoch $n; test $n = 3 && exit 0; echo $n > {out}/last.ckpt; exit 75"
    );
    EXPECT_EQ(harness.run().cause, Cause::checkpointed);
    EXPECT_EQ(harness.resume(2).cause, Cause::checkpointed);
    const AttemptEnd end = harness.resume(3);
    EXPECT_EQ(end.rows, "{\"epoch\":1}\n{\"epoch\":2}\n{\"epoch\":3}\n") << end.message;
}

}  // namespace
}  // namespace xorch
