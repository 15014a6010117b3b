#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/io/posix_disk.h"
#include "core/output_pack.h"
#include "tests/worker/attempt/harness.h"
#include "worker/attempt/storage/output_capture.h"
#include "worker/attempt/storage/output_store.h"

namespace xorch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(OutputOfAUnit, IsKeptInAPackWithBothStreamsInOrder) {
    AttemptHarness harness;
    harness.shell("echo one; echo two >&2; printf 'three \\377 \\033[31m'");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(harness.output_of(end), "one\ntwo\nthree \xff \x1b[31m");
    EXPECT_EQ(end.output.pack, "0000000000005eed-1.pack");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(harness.layout().logs()), {}), 1);
}

TEST(OutputOfAUnit, KeepsHeadAndTailOfAFloodAndNeverBlocksIt) {
    AttemptHarness harness;
    harness.stage().limits.output = Bytes{1ULL << 20U};
    harness.shell("echo begin; head -c 40000000 /dev/zero | tr '\\0' 'x'; echo; echo finish");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none);
    const std::string kept = harness.output_of(end);
    EXPECT_LT(kept.size(), (1U << 20U) + 200);
    EXPECT_THAT(kept, StartsWith("begin\nxxx"));
    EXPECT_THAT(kept, HasSubstr("bytes are left out here"));
    EXPECT_THAT(kept, EndsWith("xxx\nfinish\n"));
}

TEST(OutputOfAUnit, MuchOfItIsReadableWhileItRuns) {
    AttemptHarness harness;
    harness.shell("echo early; echo > ready ok; exec sleep 1000");
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
    harness.tick(3);
    const std::string live = harness.layout().live_output(AttemptHarness::assignment(0).id, {1});
    ASSERT_TRUE(harness.wait_for_file(live));
    EXPECT_EQ(read_text(live), "early\n");
    harness.order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::cancelled, .at_once = true}
    );
    EXPECT_EQ(harness.output_of(harness.wait_for_end(0)), "early\n");
    EXPECT_FALSE(std::filesystem::exists(live));
}

TEST(OutputCapture, MemoryStaysBoundedWhenTheDiskDoesNotKeepUp) {
    OutputCapture capture(Bytes{64ULL << 20U});
    const std::string block(1U << 16U, 'x');
    for (int i = 0; i < 1000; ++i)
        capture.add(block);
    EXPECT_LT(capture.pending(), 5U << 20U);
    const OutputRest rest = capture.finish();
    EXPECT_EQ(rest.tail.size(), 1U << 20U);
    EXPECT_EQ(rest.pending.size() + rest.left_out + rest.tail.size(), 1000 * block.size());
}

TEST(OutputCapture, ABudgetOfNothingKeepsNothing) {
    OutputCapture capture(Bytes{0});
    capture.add("abc");
    const OutputRest rest = capture.finish();
    EXPECT_EQ(rest.pending + rest.tail, "");
    EXPECT_EQ(rest.left_out, 3U);
}

TEST(OutputStore, BeginsANewPackAt64MiB) {
    const TemporaryDirectory root;
    PosixDisk disk;
    const SweepLayout layout{.root = root.path()};
    OutputStore store(disk, layout, {1});
    OutputRest rest;
    rest.pending.assign(pack_bytes_max, 'x');
    ASSERT_TRUE(store.store({.rest = rest}));
    rest.pending = "small";
    const auto location = store.store({.rest = rest});
    ASSERT_TRUE(location);
    EXPECT_EQ(location->pack, "0000000000000001-2.pack");
    EXPECT_EQ(*read_output(disk, layout, *location, Bytes{100}), "small");
    EXPECT_EQ(*read_output(disk, layout, *location, Bytes{2}), "ll");
}

TEST(EscapedOutput, CannotSteerATerminal) {
    EXPECT_EQ(
        escape_output("a\tb\x1b]0;x\x07\r\nc\rd\xff\xc2\x9bü"),
        "a\tb\\x1b]0;x\\x07\nc\nd\\xff\\xc2\\x9bü"
    );
}

TEST(LastLines, AreTheLastLines) {
    EXPECT_EQ(last_lines("1\n2\n3\n", 2, 100), "2\n3");
    EXPECT_EQ(last_lines("1\n2\n3", 9, 100), "1\n2\n3");
    EXPECT_EQ(last_lines("", 9, 100), "");
    EXPECT_EQ(last_lines(std::string(100, '\x01'), 9, 20).size(), 20U);
}

}  // namespace
}  // namespace xorch
