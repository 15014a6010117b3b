#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "coordinator/input/sweep_file.h"
#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(WrongSweepFile, AnUnknownKeyIsNamedWithItsPlaceAndTheNearestName) {
    EXPECT_EQ(
        refusal(noop("limits = { retires = 2 }")),
        "a.toml:6:12: unknown key \"retires\" in limits; did you mean \"retries\"?"
    );
    EXPECT_THAT(refusal("[sweeps]\nname = \"s\""), HasSubstr("did you mean \"sweep\"?"));
}

TEST(WrongSweepFile, ReportsEverythingWrongAtOnceInTheOrderOfTheFile) {
    const std::string message =
        refusal(stage("job = \"nop\"\nlimits = { retries = \"two\" }\naxes.x = []\ncanary = 1"));
    EXPECT_EQ(
        message,
        "a.toml:5:7: stage \"train\": unknown job \"nop\"; did you mean \"noop\"?\n"
        "a.toml:6:22: \"retries\" must be an integer, not the string \"two\"\n"
        "a.toml:7:10: axis \"x\" is empty; give it at least one value, or remove it\n"
        "a.toml:8:10: \"canary\" must be true or false, not the integer 1"
    );
}

TEST(WrongSweepFile, RefusesAWrongTypeWithTheRightOne) {
    EXPECT_THAT(
        refusal(noop("limits = { grace = 10 }")), HasSubstr("a duration in quotes, such as")
    );
    EXPECT_THAT(refusal(noop("limits = { grace = \"10\" }")), HasSubstr("\"10\" is no duration"));
    EXPECT_THAT(refusal(noop("resources = { memory = \"1X\" }")), HasSubstr("\"1X\" is no size"));
    EXPECT_THAT(refusal(noop("resources = 3")), HasSubstr("resources must be a table"));
    EXPECT_THAT(refusal(noop("threads = 1.0")), HasSubstr("must be an integer, not the float 1.0"));
    EXPECT_THAT(refusal(noop("axes.x = 3")), HasSubstr("values = [...] or range"));
    EXPECT_THAT(refusal(noop("axes.x = { range = [0, 0.5] }")), HasSubstr("integers"));
    EXPECT_THAT(refusal(noop("axes.x = { range = [0, 5, 0] }")), HasSubstr("[first, end, step]"));
    EXPECT_THAT(refusal("[sweep]\nname = \"s\"\n[stage]\n"), HasSubstr("write [[stage]]"));
    EXPECT_THAT(refusal(noop("axes.day = [2024-01-01]")), HasSubstr("a.toml:6:13: dates"));
}

TEST(WrongSweepFile, RefusesAValueOutsideItsRange) {
    EXPECT_THAT(refusal(noop("resources.cpus = 0")), HasSubstr("at least 1 and at most 65536"));
    EXPECT_THAT(refusal(noop("resources.cpus = -1")), HasSubstr("not -1"));
    EXPECT_THAT(refusal(noop("stop_signal = \"HUP\"")), HasSubstr("one of TERM, INT, USR1, USR2"));
    EXPECT_THAT(refusal("[sweep]\nname = \"a b\""), HasSubstr("1 to 64 characters"));
    EXPECT_THAT(refusal("[sweep]\nname = \"" + std::string(65, 'a') + "\""), HasSubstr("1 to 64"));
}

TEST(WrongSweepFile, RefusesRanksOfAJobThatHasOne) {
    EXPECT_EQ(
        refusal(stage("job = \"example.regression\"\nresources.ranks = 2")),
        "a.toml:6:1: stage \"train\": ranks is 2, but a unit of job \"example.regression\" has "
        "one; `xorch jobs example.regression` says so"
    );
    EXPECT_EQ(refusal(stage("job = \"example.regression\"\nresources.ranks = 1")), "accepted");
    EXPECT_EQ(refusal(stage("job = \"cellseg.train\"\nresources.ranks = 2")), "accepted");
    EXPECT_EQ(refusal(command("resources.ranks = 2")), "accepted");
}

TEST(WrongSweepFile, RefusesMoreThreadsThanProcessors) {
    EXPECT_EQ(
        refusal(noop("resources.cpus = 2\nthreads = 3")),
        "a.toml:7:11: stage \"train\": threads is 3, but resources.cpus only 2; threads beyond it "
        "would share the processors of other units"
    );
    EXPECT_EQ(refusal(noop("resources.cpus = 3\nthreads = 3")), "accepted");
    EXPECT_EQ(refusal(command("threads = 3")), "accepted");
}

TEST(WrongSweepFile, RefusesAnEmptyAxis) {
    EXPECT_THAT(refusal(noop("axes.x = { values = [] }")), HasSubstr("axis \"x\" is empty"));
    EXPECT_THAT(refusal(noop("axes.x = { range = [3, 3] }")), HasSubstr("axis \"x\" is empty"));
}

TEST(WrongSweepFile, RefusesAValueThatAnAxisHasTwice) {
    EXPECT_THAT(
        refusal(noop("axes.x = [1, 2, 1]")),
        HasSubstr("a.toml:6:17: stage \"train\": axis \"x\" has 1 twice")
    );
    EXPECT_EQ(
        refusal(noop("axes.x = [1, 1]\naxes.y = [1, 2]\nzip = [[\"x\", \"y\"]]")), "accepted"
    );
}

TEST(WrongSweepFile, RefusesANameThatIsAxisAndParameter) {
    EXPECT_THAT(
        refusal(noop("axes.x = [1]\nparams.x = 2")),
        HasSubstr("a.toml:7:8: \"x\" is already an axis or a parameter of this stage (line 6)")
    );
    EXPECT_THAT(refusal(noop("axes.x = [1]\naxes.x = [2]")), HasSubstr("cannot redefine"));
}

TEST(WrongSweepFile, RefusesAParameterOutsideTheJobsRange) {
    EXPECT_THAT(
        refusal(noop("axes.rows = [1, 11]")),
        HasSubstr("a.toml:6:17: stage \"train\": \"rows\" must be at least 0 and at most 10, not 11"
        )
    );
    EXPECT_THAT(refusal(noop("params.rows = \"1\"")), HasSubstr("\"rows\" must be an integer"));
    EXPECT_THAT(refusal(noop("params.rows = 11")), HasSubstr("a.toml:6:8:"));
}

TEST(WrongSweepFile, RefusesAnUnknownPlaceholderWithTheNearest) {
    EXPECT_THAT(
        refusal(stage("argv = [\"prog\", \"--lr\", \"{rl}\"]\naxes.lr = [1]")),
        HasSubstr("a.toml:5:25: stage \"train\": unknown placeholder {rl}; did you mean \"lr\"?")
    );
    EXPECT_THAT(refusal(command("argv_resume = [\"a\", \"{resum}\"]")), HasSubstr("\"resume\"?"));
    EXPECT_THAT(refusal(stage("argv = [\"{code}/a\"]")), HasSubstr("no code is declared"));
    EXPECT_THAT(refusal(stage("argv = [\"a\", \"{lr\"]")), HasSubstr("{{ for a brace"));
    EXPECT_EQ(refusal(stage("argv = [\"a\", \"{{x}}\"]")), "accepted");
}

TEST(WrongSweepFile, RefusesReferencesToWhatDoesNotExist) {
    EXPECT_THAT(
        refusal(noop("needs = [\"tran\"]")), HasSubstr("a.toml:6:10: needs names no stage")
    );
    EXPECT_THAT(refusal(noop("needs = [\"tran\"]")), HasSubstr("did you mean \"train\"?"));
    EXPECT_THAT(refusal(noop("promote = \"x\"")), HasSubstr("promote names no [[select]]: \"x\""));
    EXPECT_THAT(
        refusal(noop("") + "[summary]\nstage = \"tran\"\n"), HasSubstr("summary names no stage")
    );
    EXPECT_THAT(
        refusal(noop("axes.lr = [1]") + "[summary]\nby = [\"ls\"]\n"),
        HasSubstr("did you mean \"lr\"?")
    );
    EXPECT_THAT(
        refusal(noop("axes.lr = [1]\nexclude = [{ param = \"rl\", is = 1 }]")),
        HasSubstr("exclude names no parameter: \"rl\"; did you mean \"lr\"?")
    );
    EXPECT_THAT(
        refusal(noop("axes.lr = [1]\nwhen.ls = { param = \"lr\", is = 1 }")),
        HasSubstr("when.ls: no such axis; did you mean \"lr\"?")
    );
    EXPECT_THAT(
        refusal(noop("axes.lr = [1]\nzip = [[\"lr\", \"x\"]]")), HasSubstr("no axis \"x\"")
    );
}

TEST(WrongSweepFile, RefusesSelectionsThatCannotBeMeant) {
    const auto select = [](const std::string& keys) {
        return noop("axes.lr = [1]") + "[[select]]\nname = \"best\"\nfrom = \"train\"\n" + keys;
    };
    const std::string order = "order = [{ metric = \"m\", mode = \"max\" }]\n";
    EXPECT_EQ(refusal(select(order + "repeats = [\"lr\"]\n")), "accepted");
    EXPECT_THAT(
        refusal(select(order + "repeats = [\"rl\"]\n")),
        HasSubstr("repeats names no axis of stage \"train\": \"rl\"; did you mean \"lr\"?")
    );
    EXPECT_THAT(refusal(select(order + "last_rows = 3\n")), HasSubstr("last_rows needs rows"));
    EXPECT_THAT(
        refusal(select("order = [{ metric = \"m\", mode = \"max\", one_standard_error = true }]\n")
        ),
        HasSubstr("one_standard_error needs repeats")
    );
    EXPECT_THAT(
        refusal(select(order + "alternatives = [{ name = \"a\", order = [] }]\n")),
        HasSubstr("order needs at least one key")
    );
}

TEST(WrongSweepFile, RefusesGatesOfNothing) {
    const std::string select =
        noop("axes.lr = [1]") +
        "[[select]]\nname = \"best\"\nfrom = \"train\"\norder = [{ metric = \"m\", mode = "
        "\"max\" }]\n";
    const std::string gate = "[[gate]]\nname = \"eyes\"\nselect = \"best\"\n";
    EXPECT_EQ(refusal(select + gate), "accepted");
    EXPECT_THAT(
        refusal(select + "[[gate]]\nname = \"eyes\"\nselect = \"bets\"\n"),
        HasSubstr("gate names no [[select]]: \"bets\"; did you mean \"best\"?")
    );
    EXPECT_THAT(refusal(select + gate + gate), HasSubstr("two gates hold \"best\""));
}

TEST(WrongSweepFile, RefusesCurvesOfNothing) {
    EXPECT_THAT(
        refusal(noop("axes.lr = [1]") + "[summary]\nby = [\"lr\"]\ncurve = \"rl\"\n"),
        HasSubstr("curve is none of by: \"rl\"; did you mean \"lr\"?")
    );
}

TEST(WrongSweepFile, RefusesStagesThatWaitForEachOther) {
    EXPECT_THAT(refusal(noop("needs = [\"train\"]")), HasSubstr("train needs train"));
    const std::string circle =
        noop("needs = [\"b\"]") + "[[stage]]\nname = \"b\"\njob = \"noop\"\nneeds = [\"train\"]\n";
    EXPECT_THAT(refusal(circle), HasSubstr("train needs b needs train"));
}

TEST(WrongSweepFile, RefusesTwoStagesOfOneName) {
    EXPECT_THAT(
        refusal(noop("") + "[[stage]]\nname = \"train\"\njob = \"noop\"\n"),
        HasSubstr("two [[stage]] are named \"train\"")
    );
}

TEST(WrongSweepFile, RefusesConditionsThatCannotBeMeant) {
    EXPECT_THAT(
        refusal(noop("exclude = [{ param = \"x\" }]")), HasSubstr("needs one of is, is_not")
    );
    EXPECT_THAT(refusal(noop("exclude = [{ is = 1 }]")), HasSubstr("needs param"));
    EXPECT_THAT(
        refusal(noop("exclude = [{ metric = \"x\", is = 1 }]")),
        HasSubstr("known only after the unit")
    );
    EXPECT_THAT(
        refusal(noop("axes.a = [1]\naxes.b = [1]\nwhen.a = { param = \"b\", is = 1 }")),
        HasSubstr("\"b\", which must be written before it")
    );
}

TEST(WrongSweepFile, RefusesAPatternThatIsNoneOrHasNoColumn) {
    EXPECT_THAT(
        refusal(command("records.from = { stdout = \"a(\" }")), HasSubstr("no regular expression")
    );
    EXPECT_THAT(
        refusal(command("records.from = { stdout = \"a=(.*)\" }")), HasSubstr("names no column")
    );
    EXPECT_THAT(
        refusal(command("records.from = { stdout = \"a=(?<acc>.*)\", csv = \"x\" }")),
        HasSubstr("exactly one of")
    );
    EXPECT_THAT(
        refusal(command("records.from = { stdout = \"a=(?<acc>.*)\" }\nrecords.required = [\"ac\"]")
        ),
        HasSubstr("required column \"ac\" is no group of the pattern; did you mean \"acc\"?")
    );
}

TEST(WrongSweepFile, RefusesWhatDoesNotFitTheJob) {
    EXPECT_THAT(refusal(stage("")), HasSubstr("needs argv"));
    EXPECT_THAT(refusal(noop("argv = [\"a\"]")), HasSubstr("\"argv\" is for job = \"command\""));
    EXPECT_THAT(refusal(command("args = \"--x\"")), Not(HasSubstr("accepted")));
    EXPECT_THAT(
        refusal(stage("argv = [\"a\", \"b\"]\nshell = true")), HasSubstr("argv is one text")
    );
}

TEST(WrongSweepFile, ReportsSyntaxErrorsWithTheirPlace) {
    EXPECT_THAT(refusal("[=21"), HasSubstr("a.toml:1:2: "));
    EXPECT_THAT(refusal("[sweep]\nname = \"s"), HasSubstr("a.toml:2:"));
    EXPECT_THAT(refusal("[sweep]\nname = \"\xFF\""), HasSubstr("utf-8"));
    EXPECT_THAT(refusal(std::string("[sweep]\0", 8)), HasSubstr("a.toml:1:"));
}

TEST(WrongSweepFile, RefusesWhatIsTooDeepOrTooLong) {
    EXPECT_THAT(refusal("x = " + std::string(100'000, '[')), HasSubstr("a.toml:1:"));
    std::string key = "a";
    for (int i = 0; i < 100'000; ++i)
        key += ".a";
    EXPECT_THAT(refusal(key + " = 1"), HasSubstr("more than 32 parts"));
    EXPECT_THAT(refusal("[\"x\"" + key.substr(1) + "]"), HasSubstr("more than 32 parts"));
    EXPECT_THAT(refusal(std::string((4U << 20U) + 1, '#')), HasSubstr("larger than 4 MiB"));
    EXPECT_EQ(refusal("# " + key + "\n" + noop("params.x = '" + key + "'")), "accepted");
}

TEST(WrongSweepFile, HostileStringsStayWhatTheyAre) {
    const Sweep sweep = parse(noop(
        R"toml(axes.x = ["$(touch /tmp/x)", "'\"", "a\nb", "\u001B[31m", "--rm", "../..", "\u202E"])toml"
    ));
    EXPECT_EQ(sweep.stages[0].axes[0].values[0], Value("$(touch /tmp/x)"));
    EXPECT_EQ(sweep.stages[0].axes[0].values[3], Value("\x1B[31m"));
    EXPECT_THAT(refusal(noop("params.x = \"a\\u0000b\"")), HasSubstr("zero byte"));
    EXPECT_EQ(
        refusal(stage("argv = [\"a\\u0000b\"]")),
        "a.toml:5:9: \"argv\" must not contain a zero byte"
    );
    const std::string shown = refusal(noop("\"\\u001B[31m\" = 1"));
    EXPECT_THAT(shown, Not(HasSubstr("\x1B")));
    EXPECT_THAT(shown, HasSubstr("unknown key"));
}

TEST(WrongSweepFile, RefusesABackendThatNobodyKnows) {
    ParseOptions with = options();
    with.overrides = {"sweep.backend=\"pbs\""};
    EXPECT_THAT(refusal(noop(""), with), HasSubstr("must be one of local, slurm"));
    with.overrides = {"sweep.backend=\"slurm\""};
    EXPECT_EQ(refusal(noop(""), with), "accepted");
}

TEST(WrongSweepFile, AWrongOverrideIsNamedAsItWasTyped) {
    ParseOptions with = options();
    with.overrides = {"local.tim=60s"};
    EXPECT_EQ(
        refusal(noop(""), with),
        "--set local.tim=60s: unknown key \"tim\" in [local]; did you mean \"time\"?"
    );
    with.overrides = {"stage.trian.canary=false"};
    EXPECT_THAT(refusal(noop(""), with), HasSubstr("did you mean \"train\"?"));
    with.overrides = {"local"};
    EXPECT_THAT(refusal(noop(""), with), HasSubstr("write --set key=value"));
    with.overrides = {"stage.train.params.x=\xFF"};
    EXPECT_THAT(refusal(noop(""), with), HasSubstr("not UTF-8"));
    with.overrides = {"stage.train.params.x=1\nname = 2"};
    EXPECT_EQ(refusal(noop(""), with), "accepted");
}

TEST(WrongSweepFile, MistakesInASiteFileNameThatFile) {
    const TemporaryDirectory folder;
    write(folder / "site.toml", "[local]\nslot = 4\n[sweep]\nname = \"x\"\n");
    ParseOptions with = options();
    with.directory = folder.path();
    const std::string message = refusal("include = \"site.toml\"\n" + noop(""), with);
    EXPECT_THAT(message, HasSubstr(folder.path() + "/site.toml:2:1: unknown key \"slot\""));
    EXPECT_THAT(message, HasSubstr("site.toml:3:2: a site file cannot have \"sweep\""));
}

TEST(WrongSweepFile, RandomMutationsAreAcceptedOrRefusedWithAPlace) {
    std::ifstream stream(XORCH_SOURCE_DIR "/configs/beats_budget.toml");
    const std::string original{std::istreambuf_iterator<char>(stream), {}};
    ASSERT_FALSE(original.empty());
    std::mt19937_64 random(4);
    const std::string_view alphabet = "[]{}=.,\"'#\n\\ 0e-+_x:$\x00\xFF\t";
    for (int round = 0; round < 2000; ++round) {
        std::string text = original.substr(random() % 400);
        for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            const std::size_t length = random() % std::min<std::size_t>(text.size() - at, 30);
            switch (random() % 4) {
                case 0:
                    text.erase(at, length);
                    break;
                case 1:
                    text.insert(at, text.substr(at, length));
                    break;
                case 2:
                    text[at] = alphabet[random() % alphabet.size()];
                    break;
                default:
                    text.insert(at, 1, alphabet[random() % alphabet.size()]);
            }
            if (text.empty()) text = "x";
        }
        const auto sweep = parse_sweep(text, options());
        if (sweep) continue;
        EXPECT_TRUE(sweep.error().message.starts_with("a.toml:")) << sweep.error().message;
    }
}

}  // namespace
}  // namespace xorch
