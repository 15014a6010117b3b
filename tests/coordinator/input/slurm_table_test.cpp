#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "coordinator/input/freeze.h"
#include "coordinator/input/sweep_file.h"
#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::string_view everything = R"toml([slurm]
partition = "gpu,long"
account = "lab"
qos = "high"
constraint = "[rack1|rack2]*2&a100"
comment = "it's \"mine\": $(x)"
nodes = 2
cpus_per_node = 16
gpus_per_node = 4
memory_per_node = "64G"
time = "1-02:00:00"
max_allocations = 3
queue_ahead = 5
signal_lead = "90s"
place = "host"
launcher = "mpirun"
mpi = "pmix"
options = { reservation = "demo", exclusive = true, nice = 100 }
)toml";

// Options whose $XORCH_SITE names a file.
ParseOptions at_site(const std::string& path) {
    ParseOptions with = options();
    with.environment = [path](const std::string& name) {
        return name == "XORCH_SITE" ? std::optional(path) : std::nullopt;
    };
    return with;
}

std::string slurm(const std::string& lines) {
    return noop("") + "[slurm]\n" + lines + "\n";
}

TEST(SlurmTable, FillsEveryMember) {
    const SlurmOptions read = parse(noop("") + std::string(everything)).slurm;
    EXPECT_EQ(read.partition, "gpu,long");
    EXPECT_EQ(read.account, "lab");
    EXPECT_EQ(read.qos, "high");
    EXPECT_EQ(read.constraint, "[rack1|rack2]*2&a100");
    EXPECT_EQ(read.comment, "it's \"mine\": $(x)");
    EXPECT_EQ(read.nodes, 2U);
    EXPECT_EQ(read.cpus_per_node, 16U);
    EXPECT_EQ(read.gpus_per_node, 4U);
    EXPECT_EQ(read.memory_per_node, Bytes{64ULL << 30U});
    EXPECT_EQ(read.time, std::chrono::hours(26));
    EXPECT_EQ(read.max_allocations, 3U);
    EXPECT_EQ(read.queue_ahead, 5U);
    EXPECT_EQ(read.signal_lead, std::chrono::seconds(90));
    EXPECT_EQ(read.place, SlurmPlace::host);
    EXPECT_EQ(read.launcher, GangLauncher::mpirun);
    EXPECT_EQ(read.mpi, "pmix");
    EXPECT_THAT(
        read.options,
        ElementsAre(Pair("exclusive", ""), Pair("nice", "100"), Pair("reservation", "demo"))
    );
}

TEST(SlurmTable, WithoutItTheSiteDecides) {
    const SlurmOptions read = parse(noop("")).slurm;
    EXPECT_EQ(read.partition, "");
    EXPECT_EQ(read.nodes, 1U);
    EXPECT_EQ(read.time, Millis{0});
    EXPECT_EQ(read.max_allocations, 1U);
    EXPECT_EQ(read.signal_lead, std::chrono::seconds(60));
    EXPECT_EQ(read.place, SlurmPlace::allocation);
    EXPECT_EQ(read.launcher, GangLauncher::srun);
}

TEST(SlurmTable, AFrozenSweepKeepsAllOfIt) {
    const Sweep sweep = parse(noop("") + std::string(everything));
    const std::string text = format_sweep(sweep);
    const auto again = parse_frozen(text, SweepLayout{"/runs/s"});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(format_sweep(*again), text);
    EXPECT_EQ(again->slurm.options, sweep.slurm.options);
    EXPECT_EQ(again->slurm.comment, sweep.slurm.comment);
    EXPECT_EQ(again->slurm.place, sweep.slurm.place);
    EXPECT_EQ(again->slurm.launcher, sweep.slurm.launcher);
}

TEST(SlurmTable, AnOverrideChangesOneKey) {
    ParseOptions with = options();
    with.overrides = {"slurm.partition=debug", "slurm.options.qos-less=1"};
    EXPECT_THAT(refusal(slurm("nodes = 2"), with), HasSubstr("no option \"qos-less\""));
    with.overrides = {"slurm.partition=debug", "slurm.time=30m", "slurm.options.contiguous=true"};
    const SlurmOptions read = parse(slurm("nodes = 2\npartition = \"long\""), with).slurm;
    EXPECT_EQ(read.partition, "debug");
    EXPECT_EQ(read.time, std::chrono::minutes(30));
    EXPECT_EQ(read.nodes, 2U);
    EXPECT_THAT(read.options, ElementsAre(Pair("contiguous", "")));
}

TEST(SlurmTable, ASweepCanDoWithoutSlurmsSignal) {
    EXPECT_EQ(parse(slurm("signal_lead = \"0s\"")).slurm.signal_lead, Millis{0});
}

std::uint32_t cpus_asked(const std::string& resources, const std::string& slurm_lines) {
    ParseOptions with = options();
    with.overrides = {"sweep.backend=slurm"};
    return parse(noop(resources) + "[slurm]\n" + slurm_lines + "\n", with).slurm.cpus_per_node;
}

TEST(SlurmTable, ANodeHasTheCpusOfTheLargestUnitUnlessTheFileSaysHowMany) {
    EXPECT_EQ(cpus_asked("", ""), 1U);
    EXPECT_EQ(cpus_asked("resources.cpus = 6", ""), 6U);
    EXPECT_EQ(cpus_asked("resources.cpus = 6", "cpus_per_node = 24"), 24U);
    const std::string two =
        "resources.cpus = 6\n[[stage]]\nname = \"b\"\njob = \"noop\"\nresources.cpus = 8";
    EXPECT_EQ(cpus_asked(two, ""), 8U);
    EXPECT_EQ(cpus_asked("resources = { cpus = 2, ranks = 8, ranks_per_node = 4 }", ""), 8U);
}

TEST(SlurmTable, ANodeHasCpusForAsManyUnitsAsItsGpusServe) {
    EXPECT_EQ(cpus_asked("resources = { cpus = 3, gpus = 1 }", "gpus_per_node = 4"), 12U);
    EXPECT_EQ(cpus_asked("resources = { cpus = 3, gpus = 2 }", "gpus_per_node = 4"), 6U);
}

TEST(SlurmTable, AWholeNodeIsNotAskedForByItsCpus) {
    EXPECT_EQ(cpus_asked("resources.cpus = 6", "options.exclusive = true"), 0U);
    EXPECT_EQ(cpus_asked("resources.cpus = 6", "options.exclusive = \"user\""), 6U);
}

TEST(SlurmTable, ALocalSweepAsksSlurmForNothing) {
    EXPECT_EQ(parse(noop("resources.cpus = 6")).slurm.cpus_per_node, 0U);
}

TEST(SlurmTable, AMistakeIsNamedWithItsPlaceAndTheNearestName) {
    EXPECT_EQ(
        refusal(slurm("partion = \"gpu\"")),
        "a.toml:8:1: unknown key \"partion\" in [slurm]; did you mean \"partition\"?"
    );
    EXPECT_EQ(
        refusal(slurm("options = { reservaton = \"x\" }")),
        "a.toml:8:13: xorch passes no option \"reservaton\" to sbatch; did you mean "
        "\"reservation\"?"
    );
    EXPECT_THAT(refusal(slurm("place = \"node\"")), HasSubstr("one of allocation, host"));
    EXPECT_THAT(refusal(slurm("nodes = 0")), HasSubstr("at least 1"));
    EXPECT_THAT(refusal(slurm("signal_lead = \"500ms\"")), HasSubstr("a.toml:8:15: \"signal_lead"));
    EXPECT_THAT(refusal(slurm("options = 1")), HasSubstr("options must be a table"));
    EXPECT_THAT(
        refusal(slurm("options.nice = 1.5")), HasSubstr("a string, an integer, true or false")
    );
    EXPECT_THAT(
        refusal(slurm("memory_per_node = \"1G\"\noptions.mem = \"2G\"")),
        HasSubstr("a.toml:9:15: mem says the same")
    );
}

TEST(SlurmTable, ATextThatCouldBeReadOtherwiseIsRefusedWithItsPlace) {
    EXPECT_EQ(
        refusal(slurm("partition = \"--uid=0\"")),
        "a.toml:8:13: partition must not start with a dash: \"--uid=0\""
    );
    EXPECT_THAT(refusal(slurm("account = \"$(reboot)\"")), HasSubstr("a.toml:8:11: account must"));
    EXPECT_THAT(refusal(slurm("comment = \"a\\nb\"")), HasSubstr("one line without control"));
    EXPECT_THAT(refusal(slurm("qos = \"a b\"")), HasSubstr("qos must be letters"));
    EXPECT_THAT(refusal(slurm("options.gres = \"gpu:1\\n#SBATCH\"")), HasSubstr("gres must be"));
}

TEST(SiteFile, TheEnvironmentNamesOneThatGivesDefaults) {
    const TemporaryDirectory folder;
    const std::string path = folder / "site.toml";
    write(path, "[slurm]\npartition = \"gpu\"\nnodes = 2\n[net]\ninterface = \"ib0\"\n");
    const Sweep sweep = parse(slurm("nodes = 1"), at_site(path));
    EXPECT_EQ(sweep.slurm.partition, "gpu");
    EXPECT_EQ(sweep.slurm.nodes, 1U) << "the sweep says otherwise";
    EXPECT_EQ(sweep.interface, "ib0");
    EXPECT_EQ(parse(noop(""), at_site("")).slurm.partition, "");
}

TEST(SiteFile, AnIncludedOneGoesFirst) {
    const TemporaryDirectory folder;
    write(folder / "site.toml", "[slurm]\npartition = \"gpu\"\nqos = \"low\"\n");
    write(folder / "mine.toml", "[slurm]\npartition = \"debug\"\n");
    ParseOptions with = at_site(folder / "site.toml");
    with.directory = folder.path();
    const Sweep sweep = parse("include = \"mine.toml\"\n" + noop(""), with);
    EXPECT_EQ(sweep.slurm.partition, "debug");
    EXPECT_EQ(sweep.slurm.qos, "low");
}

TEST(SiteFile, OneThatIsMissingIsAnErrorAndNotASiteWithoutCaps) {
    EXPECT_EQ(
        refusal(noop(""), at_site("/nowhere/site.toml")),
        "$XORCH_SITE: /nowhere/site.toml is no file; name a site file, or unset XORCH_SITE"
    );
    EXPECT_THAT(refusal(noop(""), at_site("/tmp")), HasSubstr("/tmp is no file"));
}

TEST(SiteFile, ASweepAboveACapIsRefusedWithBothNumbersAndBothPlaces) {
    const TemporaryDirectory folder;
    const std::string path = folder / "site.toml";
    write(
        path, "[enforce]\nslurm.nodes = 4\nslurm.time = \"1h\"\nslurm.memory_per_node = \"8G\"\n"
    );
    EXPECT_EQ(refusal(slurm("nodes = 4\ntime = \"1h\""), at_site(path)), "accepted");
    EXPECT_EQ(
        refusal(slurm("nodes = 5"), at_site(path)),
        "a.toml:8:9: slurm.nodes is 5, but this site allows at most 4 (" + path + ":2:15)"
    );
    EXPECT_THAT(
        refusal(slurm("time = \"61m\"\nmemory_per_node = \"9G\""), at_site(path)),
        testing::AllOf(
            HasSubstr("a.toml:8:8: slurm.time is 61m, but this site allows at most 1h"),
            HasSubstr("a.toml:9:19: slurm.memory_per_node is 9G, but this site allows at most 8G")
        )
    );
    ParseOptions with = at_site(path);
    with.overrides = {"slurm.nodes=6"};
    EXPECT_THAT(refusal(noop(""), with), HasSubstr("--set slurm.nodes=6: slurm.nodes is 6, but"));
}

TEST(SiteFile, ASweepCanDoWithoutAnOptionOfItsSite) {
    const TemporaryDirectory folder;
    write(folder / "site.toml", "[slurm]\noptions = { exclusive = true, nice = 5 }\n");
    const SlurmOptions read =
        parse(slurm("options.exclusive = false"), at_site(folder / "site.toml")).slurm;
    EXPECT_THAT(read.options, ElementsAre(Pair("nice", "5")));
}

TEST(SiteFile, ACapCannotBePassedByUnderAnotherName) {
    const TemporaryDirectory folder;
    const std::string path = folder / "site.toml";
    write(path, "[enforce]\nslurm.memory_per_node = \"8G\"\nslurm.gpus_per_node = 1\n");
    EXPECT_EQ(
        refusal(slurm("options.mem = \"9G\""), at_site(path)),
        "a.toml:8:15: this site caps slurm.memory_per_node (" + path +
            ":2:25); write that instead of the option mem"
    );
    EXPECT_THAT(
        refusal(slurm("options.gres = \"gpu:8\""), at_site(path)),
        HasSubstr("caps slurm.gpus_per_node")
    );
    EXPECT_EQ(refusal(slurm("options.exclusive = true"), at_site(path)), "accepted");
}

TEST(SiteFile, ACapOnTimeIsTheTimeOfASweepThatNamesNone) {
    const TemporaryDirectory folder;
    write(folder / "site.toml", "[enforce]\nslurm.time = \"1h\"\n");
    const ParseOptions with = at_site(folder / "site.toml");
    EXPECT_EQ(parse(noop(""), with).slurm.time, std::chrono::hours(1));
    EXPECT_EQ(parse(slurm("time = \"5m\""), with).slurm.time, std::chrono::minutes(5));
}

TEST(SiteFile, AMistakeInItsCapsNamesThatFile) {
    const TemporaryDirectory folder;
    const std::string path = folder / "site.toml";
    write(path, "[enforce]\nslurm.node = 4\nlocal.slots = 1\n");
    const std::string message = refusal(noop(""), at_site(path));
    EXPECT_THAT(message, HasSubstr(path + ":2:7: unknown key \"node\" in [enforce] slurm"));
    EXPECT_THAT(message, HasSubstr(path + ":3:1: unknown key \"local\" in [enforce]"));
}

TEST(SiteFile, ASweepFileHasNoCapsOfItsOwn) {
    EXPECT_THAT(
        refusal(noop("") + "[enforce]\nslurm.nodes = 4\n"), HasSubstr("unknown key \"enforce\"")
    );
}

TEST(SiteFile, ThoseOfTheProjectAreValid) {
    const std::string sites = XORCH_SOURCE_DIR "/configs/sites/";
    const Sweep example = parse(noop(""), at_site(sites + "example.toml"));
    EXPECT_EQ(example.slurm.gpus_per_node, 2U);
    EXPECT_EQ(example.slurm.time, std::chrono::hours(4));
    const Sweep mini = parse(noop(""), at_site(sites + "minicluster.toml"));
    EXPECT_EQ(mini.slurm.partition, "short");
    EXPECT_EQ(mini.slurm.time, std::chrono::minutes(1));
    EXPECT_THAT(
        refusal(slurm("max_allocations = 5"), at_site(sites + "minicluster.toml")),
        HasSubstr("at most 4")
    );
}

TEST(SiteFile, RandomMutationsAreAcceptedOrRefused) {
    const TemporaryDirectory folder;
    const std::string path = folder / "site.toml";
    const std::string original = std::string(everything) + "[enforce]\nslurm.nodes = 4\n";
    const ParseOptions with = at_site(path);
    std::mt19937 random(7);
    for (int i = 0; i < 100; ++i) {
        std::string text = original;
        for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        write(path, text);
        const std::string answer = refusal(noop(""), with);
        EXPECT_TRUE(answer == "accepted" || answer.find(path) != std::string::npos) << answer;
    }
}

}  // namespace
}  // namespace xorch
