#include "core/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Stage command(std::vector<std::string> argv) {
    Stage stage;
    stage.name = "train";
    stage.argv = std::move(argv);
    return stage;
}

std::vector<std::string> line_of(const Stage& stage, const CommandContext& context) {
    auto line = command_line(stage, context);
    EXPECT_TRUE(line) << line.error().message;
    return line ? *line : std::vector<std::string>{};
}

std::string complaint_of(const Stage& stage, const CommandContext& context) {
    const auto line = command_line(stage, context);
    EXPECT_FALSE(line);
    return line ? "" : line.error().message;
}

TEST(CommandLine, FillsPlaceholdersWithinTheirArgument) {
    const CommandContext context{
        .params = {{"lr", 0.0001}, {"name", "a b"}},
        .code = "/s/code/train",
        .out = "/s/u/out",
        .seed = 7
    };
    EXPECT_THAT(
        line_of(
            command({"python3", "{code}/t.py", "--lr={lr}", "{name}", "{out}", "{seed}"}), context
        ),
        ElementsAre("python3", "/s/code/train/t.py", "--lr=0.0001", "a b", "/s/u/out", "7")
    );
}

TEST(CommandLine, HostileTextStaysText) {
    const std::string hostile = "$(reboot) `x` '\"\n{lr} --flag \x1b[31m ; rm -rf / \xff";
    const CommandContext context{
        .params = {{"text", hostile}, {"lr", 1}}
    };
    EXPECT_THAT(line_of(command({"echo", "{text}"}), context), ElementsAre("echo", hostile));
}

TEST(CommandLine, DoubledBracesAreBraces) {
    EXPECT_THAT(
        line_of(command({"jq", "{{\"a\": {x}}}"}), {.params = {{"x", 1}}}),
        ElementsAre("jq", "{\"a\": 1}")
    );
}

TEST(CommandLine, NamesAnUnknownPlaceholderAndTheKnownOnes) {
    const std::string complaint = complaint_of(command({"x", "{rl}"}), {.params = {{"lr", 1}}});
    EXPECT_THAT(complaint, HasSubstr("{rl}"));
    EXPECT_THAT(complaint, HasSubstr("lr"));
}

TEST(CommandLine, RefusesABraceThatIsNotClosed) {
    EXPECT_THAT(complaint_of(command({"x", "{lr"}), {}), HasSubstr("not closed"));
    EXPECT_THAT(complaint_of(command({"x", "lr}"}), {}), HasSubstr("closes nothing"));
}

TEST(CommandLine, SpellsAllParametersByATemplate) {
    Stage stage = command({"train"});
    stage.args.style = "--{key}={value}";
    const CommandContext context{
        .params = {{"lr", 0.1}, {"on", true}, {"text", "{key} {value}"}}
    };
    EXPECT_THAT(
        line_of(stage, context),
        ElementsAre("train", "--lr=0.1", "--on=true", "--text={key} {value}")
    );
}

TEST(CommandLine, RefusesATemplateWithASpace) {
    Stage stage = command({"train"});
    stage.args.style = "--{key} {value}";
    EXPECT_THAT(complaint_of(stage, {}), HasSubstr("without spaces"));
}

TEST(CommandLine, QuotesForHydraWhatItWouldReadDifferently) {
    Stage stage = command({"train"});
    stage.args.style = "hydra";
    const CommandContext context{
        .params = {
                   {"model.lr", 0.1},
                   {"plain", "resnet50"},
                   {"spaced", "a b"},
                   {"digits", "12"},
                   {"word", "true"},
                   {"quote", "it's"},
                   {"slash", "a,b\\"},
                   {"empty", ""},
                   {"list", Array{1, "x y"}},
                   }
    };
    EXPECT_THAT(
        line_of(stage, context),
        ElementsAre(
            "train",
            "model.lr=0.1",
            "plain=resnet50",
            "spaced='a b'",
            "digits='12'",
            "word='true'",
            "quote='it\\'s'",
            "slash='a,b\\\\'",
            "empty=''",
            "list=[1,'x y']"
        )
    );
}

TEST(CommandLine, UsesTheResumingFormOnlyWithACheckpoint) {
    Stage stage = command({"train"});
    stage.argv_resume = {"train", "--resume", "{resume}"};
    EXPECT_THAT(line_of(stage, {}), ElementsAre("train"));
    EXPECT_THAT(line_of(stage, {.resume = "/c/1"}), ElementsAre("train", "--resume", "/c/1"));
}

TEST(CommandLine, AnInputThatIsSeveralHasNoFolder) {
    const Stage stage = command({"fuse", "{inputs.train.dir}"});
    EXPECT_THAT(line_of(stage, {.inputs = {{"train", "/a"}}}), ElementsAre("fuse", "/a"));
    EXPECT_THAT(
        complaint_of(
            stage,
            {
                .inputs = {{"train", "/a"}, {"train", "/b"}}
    }
        ),
        HasSubstr("2 inputs")
    );
    EXPECT_THAT(complaint_of(stage, {}), HasSubstr("no input"));
}

TEST(CommandLine, AShellNeverParsesValues) {
    Stage stage = command({"echo {x} \"{x}\" '{x}' ${HOME} | cat"});
    stage.shell = true;
    EXPECT_THAT(
        line_of(stage, {.params = {{"x", "$(id)"}}}),
        ElementsAre(
            "/bin/sh",
            "-c",
            "echo \"${1}\" \"${2}\" ''\"${3}\"'' ${HOME} | cat",
            "sh",
            "$(id)",
            "$(id)",
            "$(id)"
        )
    );
}

TEST(CommandLine, AZeroByteIsRefused) {
    EXPECT_THAT(
        complaint_of(command({"x", "{v}"}), {.params = {{"v", std::string("a\0b", 3)}}}),
        HasSubstr("zero byte")
    );
}

}  // namespace
}  // namespace xorch
