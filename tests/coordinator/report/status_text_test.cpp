#include "coordinator/report/status_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/report/sample_status.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Failure sample_failure(std::uint32_t index, std::string tail) {
    Failure failure;
    failure.unit = sample_status().failed[0];
    failure.unit.unit = sample_unit(index, fmt::format("lr=0.01 repeat={}", index));
    failure.end.cause = Cause::user_error;
    failure.end.exit_code = 1;
    failure.end.tail = std::move(tail);
    return failure;
}

std::string page_text(const SweepStatus& status, const StatusPage& page) {
    return fmt::format("{}\n", fmt::join(status_lines(status, page), "\n"));
}

TEST(StatusText, CountsHopelessUnitsWhereThereAreAny) {
    SweepStatus status = sample_status();
    status.stages[0].counts[static_cast<std::size_t>(UnitPhase::hopeless)] = 3;
    const auto lines = status_lines(status, {});
    EXPECT_THAT(lines, Contains(HasSubstr("failed  cancelled  hopeless  total")));
    EXPECT_THAT(lines, Contains(HasSubstr("0         3     11")));
}

TEST(StatusText, TellsTheWholeStoryOnOnePage) {
    StatusPage page;
    page.now_unix = sample_status().at_unix + Millis{2000};
    page.failures = {sample_failure(
        3,
        "Traceback (most recent call last):\n  File \"train.py\", line 1\nImportError: no numpy\n"
    )};
    EXPECT_EQ(
        page_text(sample_status(), page),
        R"(budget_curve  running, 5 of 12 units done  (as of 2.0 s ago)

  stage  done  assigned  ready  waiting  failed  cancelled  total
  train     5         2      0        0       1          0      8
  fuse      0         0      0        4       0          0      ?

running
  train/6  3fa94c12  attempt 1  14.3 s  node1  lr=0.1 repeat=3
  train/7  3fa94c12  attempt 2  queued  node1  lr=0.1 repeat=4

agents
  node1  2 cpus  2 units  allocation 1
  node2 gets no work: 3 units failed there; `xorch retry` trusts it again

waiting
  fuse waits for selection best

selected
  first chose train/1  lr=0.01 repeat=1

failed: 1 unit
  1 x user_error: exit code 1  (train/3)
      with lr=0.01 repeat=3
      | Traceback (most recent call last):
      |   File "train.py", line 1
      | ImportError: no numpy
      `xorch logs train/3` shows all of its output

next: xorch watch
)"
    );
}

TEST(StatusText, TellsEqualFailuresOnce) {
    SweepStatus status = sample_status();
    status.stages[0].failed_by = {
        {Cause::user_error, 7},
        {Cause::upstream,   4}
    };
    StatusPage page;
    page.argument = "budget_curve";
    for (std::uint32_t i = 0; i < 6; ++i) {
        page.failures.push_back(sample_failure(i, fmt::format("step {}\nImportError: no numpy", i))
        );
    }
    page.failures.push_back(sample_failure(6, "MemoryError"));
    EXPECT_THAT(
        failure_lines(status, page),
        ElementsAre(
            "  6 x user_error: exit code 1  (train/0, train/1, train/2, train/3, ...)",
            "      | step 0",
            "      | ImportError: no numpy",
            "      `xorch logs train/0 --sweep budget_curve` shows all of its output",
            "  1 x user_error: exit code 1  (train/6)",
            "      with lr=0.01 repeat=6",
            "      | MemoryError",
            "      `xorch logs train/6 --sweep budget_curve` shows all of its output",
            "  4 units because an input failed"
        )
    );
}

TEST(StatusText, ShowsHostileOutputAndNamesAsText) {
    SweepStatus status = sample_status();
    status.sweep = "evil\x1b]0;title\x07";
    status.phase = SweepPhase::paused;
    status.pause_reason = "failed\non two nodes\x9b";
    StatusPage page;
    page.failures = {sample_failure(1, "\x1b[2J\u202ereversed\r\nlast")};
    page.failures[0].unit.unit.values = "x=a\tb\x1b[31m";
    const std::string text = page_text(status, page);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("evil\\x1b]0;title\\x07"));
    EXPECT_THAT(text, HasSubstr("paused: failed\n  on two nodes\\x9b\n"));
    EXPECT_THAT(text, HasSubstr("| \\x1b[2J\\u202ereversed\\r"));
    EXPECT_THAT(text, HasSubstr("with x=a\\tb\\x1b[31m"));
}

TEST(StatusText, EndsWithTheNextCommand) {
    SweepStatus status;
    status.stages.emplace_back().counts = {0, 0, 0, 3, 0, 0};
    status.phase = SweepPhase::complete;
    EXPECT_EQ(next_command(status, ""), "xorch summary");
    status.stages[0].counts = {0, 0, 0, 3, 1, 0};
    EXPECT_EQ(next_command(status, "s"), "xorch retry s");
    status.phase = SweepPhase::stopped;
    EXPECT_EQ(next_command(status, "s"), "xorch resume s");
    status.phase = SweepPhase::abandoned;
    EXPECT_EQ(next_command(status, ""), "xorch resume");
    status.phase = SweepPhase::paused;
    status.pause_reason = "failed alike";
    EXPECT_EQ(next_command(status, ""), "xorch retry");
    status.stages[0].counts = {0, 0, 1, 3, 0, 0};
    EXPECT_EQ(next_command(status, ""), "xorch continue");
    status.refusal = "invalid account";
    EXPECT_EQ(next_command(status, ""), "xorch resume");
    status.phase = SweepPhase::running;
    EXPECT_EQ(next_command(status, ""), "xorch watch");
}

TEST(StatusText, SaysThatAnAbandonedSweepLostNothing) {
    SweepStatus status = sample_status();
    status.phase = SweepPhase::abandoned;
    EXPECT_THAT(page_text(status, {}), HasSubstr("(pid 99 on node1) is gone without a word"));
}

TEST(StatusText, SaysThatTheDiskIsFullAndWhatThatMeans) {
    StatusPage page;
    EXPECT_THAT(page_text(sample_status(), page), Not(HasSubstr("disk")));
    page.disk_free = Bytes{4096};
    EXPECT_THAT(
        page_text(sample_status(), page), HasSubstr("the disk is full: 4,096 bytes are left")
    );
    page.disk_free = Bytes{1ULL << 30U};
    EXPECT_THAT(page_text(sample_status(), page), Not(HasSubstr("disk")));
}

TEST(StatusText, SaysWhatSlurmRefused) {
    SweepStatus status = sample_status();
    status.refusal = "Access denied\x1b";
    EXPECT_THAT(
        page_text(status, {}), HasSubstr("takes no more of its jobs: Access denied\\x1b. `")
    );
}

TEST(Failures, KeepTheLastLinesWithoutEmptyOnesAtTheEnd) {
    EXPECT_THAT(tail_lines("a\nb\n\nc\n\n", 2), ElementsAre("", "c"));
    EXPECT_THAT(tail_lines("a", 3), ElementsAre("a"));
    EXPECT_THAT(tail_lines("\n\n", 3), IsEmpty());
    EXPECT_THAT(tail_lines("", 3), IsEmpty());
}

TEST(Failures, AreDifferentWithDifferentExitCodes) {
    std::vector<Failure> failures{sample_failure(1, "x"), sample_failure(2, "x")};
    EXPECT_THAT(group_failures(failures), SizeIs(1));
    failures[1].end.exit_code = 2;
    EXPECT_THAT(group_failures(failures), SizeIs(2));
}

TEST(StatusText, NamesTheGateThatSomebodyMustOpenAsTheNextCommand) {
    SweepStatus status = sample_status();
    status.phase = SweepPhase::stopped;
    status.pause_reason = "gate eyes holds selection best: look";
    status.gate = "eyes";
    EXPECT_EQ(next_command(status, ""), "xorch approve eyes");
    EXPECT_EQ(next_command(status, "runs/a b"), "xorch approve eyes 'runs/a b'");
}

}  // namespace
}  // namespace xorch
