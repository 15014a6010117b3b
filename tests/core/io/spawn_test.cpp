#include "core/io/spawn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io/run_program.h"

namespace xorch {
namespace {

using testing::HasSubstr;

ProgramRun run(std::vector<std::string> argv, std::vector<std::string> environment = {}) {
    auto done = run_program(
        {.program = argv.front(), .argv = argv, .environment = std::move(environment)}, {}
    );
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : ProgramRun{};
}

TEST(Spawn, ArgumentsReachTheProgramUnchanged) {
    const std::string hostile = "$(reboot) '\"\n--flag \x1b[31m \xff\xfe";
    EXPECT_EQ(run({"/usr/bin/printf", "%s", hostile}).output, hostile);
}

TEST(Spawn, TheChildLeadsItsOwnSession) {
    const ProgramRun done =
        run({"/bin/sh", "-c", "read a b c d e f rest < /proc/$$/stat; echo $$ $f"});
    const std::size_t space = done.output.find(' ');
    EXPECT_EQ(done.output.substr(0, space) + "\n", done.output.substr(space + 1));
}

TEST(Spawn, TheChildInheritsNoDescriptorButItsStreams) {
    const int open_here = ::dup(0);  // without close-on-exec
    EXPECT_EQ(run({"/bin/sh", "-c", "ls /proc/$$/fd; true"}, {"PATH=/bin"}).output, "0\n1\n2\n");
    ::close(open_here);
}

TEST(Spawn, TheChildReadsEndOfFileAtOnce) {
    EXPECT_EQ(run({"/bin/cat"}).output, "");
}

TEST(Spawn, TheChildHasNoBlockedOrIgnoredSignals) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    const auto ignored = ::signal(SIGPIPE, SIG_IGN);
    const ProgramRun done =
        run({"/bin/grep", "-E", "^Sig(Blk|Ign):.*[1-9a-f]", "/proc/self/status"});
    ::signal(SIGPIPE, ignored);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(done.output, "");
}

TEST(Spawn, TheChildMayUseItsCpusOnly) {
    const int cpu = ::sched_getcpu();
    auto done = run_program(
        {
            .program = "/bin/grep",
            .argv = {"grep",               "Cpus_allowed_list", "/proc/self/status"},
            .cpus = {cpu}
    },
        {}
    );
    ASSERT_TRUE(done);
    EXPECT_EQ(done->output, "Cpus_allowed_list:\t" + std::to_string(cpu) + "\n");
}

TEST(Spawn, SaysWhichStepFailed) {
    const auto missing = spawn({.program = "/nowhere/x", .argv = {"x"}});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/x: executing it: No such file"));
    const auto folder = spawn({.program = "/bin/true", .argv = {"true"}, .directory = "/nowhere"});
    ASSERT_FALSE(folder);
    EXPECT_THAT(folder.error().message, HasSubstr("working directory /nowhere"));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a failed child is left unreaped";
}

TEST(Spawn, SaysThatTheArgumentsAreTooLong) {
    const auto child = spawn({
        .program = "/bin/true", .argv = {"true", std::string(1 << 22, 'x')}
    });
    ASSERT_FALSE(child);
    EXPECT_THAT(child.error().message, HasSubstr("XORCH_PARAMS"));
}

TEST(FindProgram, SearchesThePathOfTheGivenEnvironment) {
    EXPECT_EQ(*find_program("sh", {"PATH=/nowhere:/bin"}, ""), "/bin/sh");
    EXPECT_EQ(*find_program("./sh", {"PATH=/nowhere"}, "/bin"), "/bin/./sh");
    const auto missing = find_program("no-such-program", {"PATH=/nowhere"}, "");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("PATH is /nowhere"));
}

TEST(FindProgram, SaysThatAFileIsNotExecutable) {
    const auto file = find_program("/etc/passwd", {}, "");
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("not an executable"));
}

TEST(Environment, SettingAVariableReplacesIt) {
    std::vector<std::string> environment{"A=1", "AB=2"};
    set_variable(environment, "A", "3");
    set_variable(environment, "C", "4");
    EXPECT_THAT(environment, testing::ElementsAre("A=3", "AB=2", "C=4"));
    EXPECT_STREQ(find_variable(environment, "AB"), "2");
    EXPECT_EQ(find_variable(environment, "B"), nullptr);
}

}  // namespace
}  // namespace xorch
