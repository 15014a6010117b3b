#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "tools/cli/verbs.h"

namespace xorch {
namespace {

using testing::HasSubstr;

struct CommandLine {
    CLI::App app{"xorch", "xorch"};
    Context context;
    std::string sweep;
    int runs = 0;

    CommandLine() {
        Verb verb = add_verb(
            app,
            context,
            {.name = "look",
             .group = VerbGroup::read,
             .purpose = "Look at a sweep",
             .example = "xorch look budget_curve"},
            [this]() -> Result<ExitCode> {
                ++runs;
                if (sweep == "bad") return fail(ErrorCode::invalid_input, "bad sweep");
                return ExitCode::incomplete;
            }
        );
        add_sweep_argument(verb, sweep);
        add_verb(
            app,
            context,
            {.name = "secret", .group = VerbGroup::hidden, .purpose = "", .example = ""},
            []() -> Result<ExitCode> { return ExitCode::complete; }
        );
    }

    int run(std::vector<const char*> words) {
        words.insert(words.begin(), "xorch");
        return run_command_line(app, context, static_cast<int>(words.size()), words.data());
    }
};

TEST(CommandLine, RunsTheVerbAndReturnsItsExitCode) {
    CommandLine line;
    EXPECT_EQ(line.run({"look", "here"}), 3);
    EXPECT_EQ(line.runs, 1);
    EXPECT_EQ(line.sweep, "here");
}

TEST(CommandLine, MapsAnErrorToItsExitCode) {
    CommandLine line;
    testing::internal::CaptureStderr();
    EXPECT_EQ(line.run({"look", "bad"}), 2);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("xorch: bad sweep\n       "));
}

TEST(CommandLine, RefusesWhatItDoesNotKnowWithTheNearestVerb) {
    CommandLine line;
    testing::internal::CaptureStderr();
    EXPECT_EQ(line.run({"lok"}), 2);
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(), HasSubstr("no verb lok; did you mean \"look\"?")
    );
    EXPECT_EQ(line.runs, 0);
}

TEST(CommandLine, ShowsVerbsByGroupAndHidesHiddenOnes) {
    const CommandLine line;
    const std::string help = line.app.help();
    EXPECT_THAT(help, HasSubstr("See what it did:\n  look "));
    EXPECT_THAT(help, testing::Not(HasSubstr("secret")));
}

TEST(CommandLine, EndsTheHelpOfAVerbWithAnExample) {
    const CommandLine line;
    const std::string help = line.app.get_subcommand("look")->help();
    EXPECT_THAT(help, HasSubstr("Example:\n  xorch look budget_curve"));
}

TEST(ErrorText, NamesTheNextCommandWhereTheMessageDoesNot) {
    EXPECT_EQ(
        format_error(Error{ErrorCode::corrupted, "journal/000001.log is damaged"}),
        "xorch: journal/000001.log is damaged\n"
        "       `xorch fsck` says what is damaged and what to do\n"
    );
    EXPECT_EQ(
        format_error(Error{ErrorCode::conflict, "held\ntry `xorch watch`\n"}),
        "xorch: held\n       try `xorch watch`\n"
    );
}

TEST(ErrorText, ShowsHostileTextAsText) {
    EXPECT_THAT(
        format_error(Error{ErrorCode::usage, "no \x1b[2J `xorch list`"}), HasSubstr("no \\x1b[2J")
    );
}

TEST(AllVerbs, HaveAnExampleEach) {
    CLI::App app{"xorch", "xorch"};
    Context context;
    add_all_verbs(app, context);
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (verb->get_group().empty()) continue;
        EXPECT_THAT(verb->help(), HasSubstr("Example:\n  ")) << verb->get_name();
    }
}

}  // namespace
}  // namespace xorch
