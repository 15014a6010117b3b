#include "slurm/submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "slurm/job_script.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Submission plain() {
    return {.job_name = "xorch-1f", .directory = "/runs/a", .output = "logs/slurm-%j.out"};
}

std::string lines(const Submission& submission) {
    const auto argv = sbatch_argv(submission);
    if (!argv) return argv.error().message;
    std::string text;
    for (const std::string& argument : *argv)
        text += argument + "\n";
    return text;
}

TEST(JobScript, HoldsNoValueAndLeavesNoShellBehind) {
    EXPECT_EQ(job_script, "#!/bin/sh\nexec ./xorch relay\n");
}

TEST(Submission, SaysOnlyWhatIsNeededWhereTheSiteDecides) {
    EXPECT_EQ(lines(plain()), R"(sbatch
--job-name=xorch-1f
--chdir=/runs/a
--output=logs/slurm-%j.out
--parsable
--no-requeue
--open-mode=append
--signal=B:USR2@60
--export=ALL
--nodes=1
--ntasks-per-node=1
)");
}

TEST(Submission, AsksForNoSignalWhereNoneIsWanted) {
    Submission quiet = plain();
    quiet.options.signal_lead = Millis{0};
    EXPECT_THAT(lines(quiet), Not(HasSubstr("--signal")));
}

TEST(Submission, SpellsEachOptionAsOneArgument) {
    Submission full = plain();
    full.options = {
        .partition = "gpu,long",
        .account = "lab",
        .qos = "high",
        .constraint = "a100&ib",
        .comment = "it's \"mine\": $(x)",
        .nodes = 3,
        .cpus_per_node = 16,
        .gpus_per_node = 2,
        .memory_per_node = Bytes{(64ULL << 30U) + 1},
        .time = Millis{3'600'001},
        .signal_lead = Millis{90'500},
    };
    full.options.options["exclusive"] = "";
    full.options.options["nice"] = "100";
    full.options.options["exclude"] = "n[7-8]";
    full.after.push_back({21});
    full.after.push_back({22});
    full.singleton = true;
    full.excluded_nodes = {"n1", "n2"};
    full.test_only = true;
    EXPECT_EQ(lines(full), R"(sbatch
--test-only
--job-name=xorch-1f
--chdir=/runs/a
--output=logs/slurm-%j.out
--parsable
--no-requeue
--open-mode=append
--signal=B:USR2@91
--export=ALL
--nodes=3
--ntasks-per-node=1
--cpus-per-task=16
--gpus-per-node=2
--mem=65537M
--time=01:01:00
--no-kill
--partition=gpu,long
--account=lab
--qos=high
--constraint=a100&ib
--comment=it's "mine": $(x)
--dependency=afterany:21:22,singleton
--exclusive
--nice=100
--exclude=n[7-8],n1,n2
)");
}

TEST(Submission, RefusesWhatCouldBeReadOtherwiseWhoeverReadItBefore) {
    const auto refused = [](const auto& change) {
        Submission submission = plain();
        change(submission);
        const auto argv = sbatch_argv(submission);
        return argv ? "accepted" : argv.error().message;
    };
    EXPECT_THAT(
        refused([](Submission& s) { s.options.partition = "--uid=0"; }), HasSubstr("a dash")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.options.account = "$(reboot)"; }), HasSubstr("account must")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.options.comment = "a\n#SBATCH --uid=0"; }),
        HasSubstr("one line")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.options.options["wrap"] = "reboot"; }),
        HasSubstr("no option \"wrap\"")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.options.options["gres"] = "gpu:1 --uid=0"; }),
        HasSubstr("gres must")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.options.options["exclude"] = "n1\nn2"; }),
        HasSubstr("exclude must")
    );
    EXPECT_THAT(
        refused([](Submission& s) { s.excluded_nodes = {"n1,n2"}; }), HasSubstr("no name of a node")
    );
    EXPECT_THAT(refused([](Submission& s) { s.job_name = "a b"; }), HasSubstr("name of the job"));
    EXPECT_THAT(refused([](Submission& s) { s.directory = "runs"; }), HasSubstr("directory"));
    EXPECT_THAT(refused([](Submission& s) { s.directory = "/a\nb"; }), HasSubstr("directory"));
    EXPECT_THAT(refused([](Submission& s) { s.output = ""; }), HasSubstr("output"));
}

TEST(Submission, ADirectoryWithSpacesAndQuotesStaysOneArgument) {
    Submission submission = plain();
    submission.directory = "/runs/my \"best\" $(x) 'run'" + std::string(300, 'x');
    const auto argv = sbatch_argv(submission);
    ASSERT_TRUE(argv) << argv.error().message;
    EXPECT_THAT(*argv, Contains("--chdir=" + submission.directory));
}

TEST(Submission, NoTextEverMakesAnArgumentOfItsOwn) {
    std::mt19937 random(3);
    const std::string bytes = "a1-= \n\t$()'\"`;,:\x01[";
    for (int i = 0; i < 5'000; ++i) {
        const auto text = [&] {
            std::string result;
            for (std::size_t length = random() % 8; length > 0; --length)
                result.push_back(bytes[random() % bytes.size()]);
            return result;
        };
        Submission submission = plain();
        submission.options.partition = text();
        submission.options.constraint = text();
        submission.options.comment = text();
        submission.options.options["gres"] = text();
        const auto argv = sbatch_argv(submission);
        if (!argv) continue;
        for (std::size_t at = 1; at < argv->size(); ++at) {
            EXPECT_TRUE((*argv)[at].starts_with("--"));
            EXPECT_EQ((*argv)[at].find('\n'), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace xorch
