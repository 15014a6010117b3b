#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "core/hash.h"
#include "core/json.h"
#include "tests/worker/attempt/harness.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

int files_in(const std::string& folder) {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        count += entry.is_directory() ? 0 : 1;
    return count;
}

TEST(AttemptRunner, AUnitThatExitsWithZeroIsDone) {
    AttemptHarness harness;
    harness.stage().argv = {"/bin/true"};
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_THAT(end.message, IsEmpty());
    EXPECT_FALSE(end.env_key.empty());
    EXPECT_FALSE(std::filesystem::exists(harness.layout().unit(hash_unit("0"))));
    EXPECT_EQ(files_in(harness.settings().scratch), 0);
}

TEST(AttemptRunner, AnotherExitCodeIsTheUsersErrorWithItsLastLines) {
    AttemptHarness harness;
    harness.shell(
        "for i in 1 2 3; do echo line $i; done; printf 'ImportError \\033[31m' >&2; exit 3"
    );
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::user_error);
    EXPECT_EQ(end.exit_code, 3);
    EXPECT_EQ(end.tail, "line 1\nline 2\nline 3\nImportError \\x1b[31m");
}

TEST(AttemptRunner, ASignalIsACrash) {
    AttemptHarness harness;
    harness.shell("kill -SEGV $$");
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::crash);
    EXPECT_EQ(end.signal, SIGSEGV);
    EXPECT_THAT(end.message, HasSubstr("SIGSEGV"));
}

TEST(AttemptRunner, ExitCode75AsksToBeCalledAgain) {
    AttemptHarness harness;
    harness.shell("exit 75");
    EXPECT_EQ(harness.run().cause, Cause::checkpointed);
}

TEST(AttemptRunner, AMissingProgramIsASpawnFailureThatNamesIt) {
    AttemptHarness harness;
    harness.stage().argv = {"no-such-program"};
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::spawn);
    EXPECT_THAT(end.message, HasSubstr("\"no-such-program\" not found"));
    EXPECT_EQ(files_in(harness.settings().scratch), 0);
}

TEST(AttemptRunner, AnUnknownPlaceholderIsASpawnFailure) {
    AttemptHarness harness;
    harness.stage().argv = {"/bin/echo", "{lr}"};
    const AttemptEnd end = harness.run();
    EXPECT_EQ(end.cause, Cause::spawn);
    EXPECT_THAT(end.message, HasSubstr("{lr}"));
}

TEST(AttemptRunner, HostileParametersReachTheProgramUnchanged) {
    AttemptHarness harness;
    const std::string hostile = "$(touch pwned) `x` '\"\n--flag \x1b[31m; ../..";
    harness.stage().argv = {"/usr/bin/printf", "%s", "{text}"};
    const AttemptEnd end = harness.run(format_json(Value(Object{
        {"text", hostile}
    })));
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_EQ(harness.output_of(end), hostile);
}

TEST(AttemptRunner, TellsTheUnitEverythingByItsEnvironment) {
    AttemptHarness harness;
    harness.python(R"(
import json, os
e = os.environ
assert json.load(open(e["XORCH_PARAMS"])) == {"lr": 0.1}, "params"
assert json.load(open(e["XORCH_INPUTS"])) == [], "inputs"
assert e["XORCH_SEED"] == "42" and e["XORCH_RESUME"] == "", "seed"
assert os.path.isdir(e["XORCH_OUT"]) and os.path.isdir(e["XORCH_CHECKPOINT_DIR"]), "folders"
assert len(e["XORCH_UNIT_ID"]) == 32 and e["XORCH_INCARNATION"] == "0000000000005eed", "ids"
assert e["XORCH_ATTEMPT"] == "1" and e["XORCH_CHECKPOINT_EVERY_S"] == "60", "attempt"
assert os.path.dirname(e["XORCH_RECORDS"]) == os.path.dirname(e["XORCH_PARAMS"]), "records"
assert os.path.isdir(e["XORCH_SWEEP"]) and not os.path.exists(e["XORCH_STOP_FILE"]), "sweep"
assert e["XORCH_DEADLINE"] == "2000" and e["XORCH_TIME_LEFT_S"] == "1.5", "deadline"
assert e["OMP_NUM_THREADS"] == "3" and e["GREETING"] == "hello", "env"
assert "SLURM_NTASKS" not in e and "XORCH_KEEPER" not in e, "not cleaned"
assert os.getcwd() == e["WHERE"], "cwd"
)");
    harness.stage().resources.cpus = 3;
    harness.sweep().env.set = {
        {"GREETING", "hello"            },
        {"WHERE",    harness.directory()}
    };
    ::setenv("SLURM_NTASKS", "4", 1);
    ::setenv("XORCH_KEEPER", "1:2", 1);
    Assignment unit = AttemptHarness::assignment(0);
    unit.params = R"({"lr": 0.1})";
    unit.inputs = "[]";
    harness.order(StartAttempt{
        .assignment = unit, .deadline_unix = Millis(2'000'000), .time_left = Millis(1500)});
    const AttemptEnd end = harness.wait_for_end(0);
    ::unsetenv("SLURM_NTASKS");
    ::unsetenv("XORCH_KEEPER");
    EXPECT_EQ(end.cause, Cause::none) << end.tail;
}

TEST(AttemptRunner, WhatDoesNotLimitAUnitIsAnEmptyVariable) {
    AttemptHarness harness;
    harness.shell("set -u; echo \"<$XORCH_DEADLINE$XORCH_TIME_LEFT_S$XORCH_INPUTS$XORCH_RESUME>\"");
    EXPECT_EQ(harness.output_of(harness.run()), "<>\n");
}

TEST(AttemptRunner, AUnitSeesSlurmsVariablesOnlyIfItsStageKeepsThem) {
    AttemptHarness harness;
    harness.shell("echo \"<$SLURM_NTASKS$PMI_RANK>\"");
    ::setenv("SLURM_NTASKS", "4", 1);
    ::setenv("PMI_RANK", "0", 1);
    harness.stage().keep_slurm_env = true;
    const AttemptEnd kept = harness.run();
    ::unsetenv("SLURM_NTASKS");
    ::unsetenv("PMI_RANK");
    EXPECT_EQ(harness.output_of(kept), "<40>\n");
}

TEST(AttemptRunner, SourcesTheSetUpScriptOnce) {
    AttemptHarness harness;
    const std::string script = harness.directory() + "/site.sh";
    write_text(script, "echo x >> " + harness.directory() + "/count; export FROM_SITE=yes");
    harness.sweep().env.setup = script;
    harness.shell("test \"$FROM_SITE\" = yes");
    harness.start(0);
    harness.start(1);
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::none);
    EXPECT_EQ(harness.wait_for_end(1).cause, Cause::none);
    EXPECT_EQ(read_text(harness.directory() + "/count"), "x\n");
}

TEST(AttemptRunner, ArtifactsSurviveWithTheUnit) {
    AttemptHarness harness;
    harness.shell("echo picture > $XORCH_OUT/a.png");
    EXPECT_EQ(harness.run().cause, Cause::none);
    EXPECT_EQ(read_text(harness.layout().output(hash_unit("0"), {1}) + "/a.png"), "picture\n");
}

TEST(AttemptRunner, AnAttemptFindsNothingOfTheOneBefore) {
    AttemptHarness harness;
    harness.shell(
        "test -z \"$(ls $XORCH_OUT $XORCH_CHECKPOINT_DIR | grep -v :)\" && ! test -e "
        "$XORCH_RECORDS &&"
        " ls $(dirname $XORCH_PARAMS);"
        " cd $(dirname $XORCH_PARAMS); touch x out/x publish/.x; echo '{{}}' > $XORCH_RECORDS"
    );
    EXPECT_EQ(harness.output_of(harness.run()), "out\nparams.json\npublish\n");
    harness.start(1);
    EXPECT_EQ(harness.output_of(harness.wait_for_end(1)), "out\nparams.json\npublish\n");
}

TEST(AttemptRunner, TheNoOpJobRunsWithoutAProcess) {
    AttemptHarness harness;
    harness.stage().job = "noop";
    for (std::uint32_t i = 0; i < 5000; ++i)
        harness.start(i, R"({"rows": 1, "payload": "x"})");
    const AttemptEnd end = harness.wait_for_end(4999);
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_EQ(end.rows, "{\"row\":0,\"payload\":\"x\"}\n");
}

TEST(AttemptRunner, AnotherJobIsRefused) {
    AttemptHarness harness;
    harness.stage().job = "cellseg.train";
    EXPECT_EQ(harness.run().cause, Cause::spawn);
}

TEST(AttemptRunner, RunsManyAttemptsAtOnce) {
    AttemptHarness harness;
    harness.shell("echo $XORCH_ATTEMPT");
    for (std::uint32_t i = 0; i < 30; ++i)
        harness.start(i);
    for (std::uint32_t i = 0; i < 30; ++i) {
        const AttemptEnd end = harness.wait_for_end(i);
        EXPECT_EQ(end.cause, Cause::none);
        EXPECT_EQ(harness.output_of(end), "1\n");
    }
}

TEST(AttemptRunner, UnitsSeeTheirGpusOnly) {
    AttemptHarness harness;
    harness.settings().capacity.gpus = 2;
    harness.stage().resources.gpus = 1;
    harness.shell("echo gpu $CUDA_VISIBLE_DEVICES; while ! test -e go; do read x < /dev/null; done"
    );
    harness.start(0);
    harness.start(1);
    harness.wait_for_start(0);
    harness.wait_for_start(1);
    write_text(harness.directory() + "/go", "go");
    EXPECT_EQ(
        harness.output_of(harness.wait_for_end(0)) + harness.output_of(harness.wait_for_end(1)),
        "gpu 0\ngpu 1\n"
    );
}

TEST(AttemptRunner, WhatIsLeftIsKilledWithTheRunner) {
    AttemptHarness harness;
    harness.shell("setsid sleep 1000 & echo $! > child; wait");
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/child"));
    const int child = std::stoi(read_text(harness.directory() + "/child"));
    harness.destroy_runner();
    EXPECT_TRUE(process_is_gone(child));
}

}  // namespace
}  // namespace xorch
