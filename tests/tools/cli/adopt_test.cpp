#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/cli/decide/adopt/path_pattern.h"
#include "tools/cli/decide/adopt/placement.h"
#include "tools/cli/decide/adopt/tree_rows.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::map<std::string, std::string> matched(const char* pattern, const char* path) {
    const auto parsed = PathPattern::parse(pattern);
    EXPECT_TRUE(parsed);
    return parsed->match(path).value_or(std::map<std::string, std::string>{
        {"no", "match"}
    });
}

TEST(PathPattern, ReadsWhatANameStandsForAlsoAroundItsOwnSeparator) {
    EXPECT_THAT(
        matched(
            "mvtec/k_{k}/metadata/{task}/{class}_seed{seed}_{mode}.json",
            "mvtec/k_1/metadata/seg/metal_nut_seed111_max.json"
        ),
        UnorderedElementsAre(
            Pair("k", "1"),
            Pair("task", "seg"),
            Pair("class", "metal_nut"),
            Pair("seed", "111"),
            Pair("mode", "max")
        )
    );
}

TEST(PathPattern, KeepsAStarWithinAFolderAndTwoStarsNot) {
    EXPECT_THAT(matched("*/{a}.csv", "x/1.csv"), UnorderedElementsAre(Pair("a", "1")));
    EXPECT_THAT(matched("*/{a}.csv", "x/y/1.csv"), UnorderedElementsAre(Pair("no", "match")));
    EXPECT_THAT(matched("**/{a}.csv", "x/y/1.csv"), UnorderedElementsAre(Pair("a", "1")));
    EXPECT_THAT(matched("**", "x/y/1.csv"), IsEmpty());
}

TEST(PathPattern, TakesANameThatOccursTwiceForTheSameText) {
    EXPECT_THAT(matched("{a}/{a}.json", "x/x.json"), UnorderedElementsAre(Pair("a", "x")));
    EXPECT_THAT(matched("{a}/{a}.json", "x/y.json"), UnorderedElementsAre(Pair("no", "match")));
}

TEST(PathPattern, RefusesABraceWithoutAName) {
    EXPECT_FALSE(PathPattern::parse("{}.json"));
    EXPECT_FALSE(PathPattern::parse("{a.json"));
}

TEST(TreeRows, KeepTheRowsBesideOneThatWasCutOff) {
    const auto rows = read_tree_rows("r.csv", "mode,seed,auroc\nmax,111,0.5\nmin,222,\nmin,33");
    ASSERT_THAT(rows, SizeIs(3));
    EXPECT_EQ(rows[0].torn, "");
    EXPECT_EQ(*find_member(rows[0].cells, "auroc"), Value(0.5));
    EXPECT_EQ(find_member(rows[1].cells, "auroc"), nullptr) << "an empty cell is missing";
    EXPECT_EQ(rows[2].place, "r.csv:4");
    EXPECT_NE(rows[2].torn, "");
    EXPECT_EQ(*find_member(rows[2].cells, "mode"), Value("min"));
    EXPECT_EQ(find_member(rows[2].cells, "seed"), nullptr) << "33 may be half a number";
}

TEST(TreeRows, ReadJsonLinesAndWholeDocumentsWithoutTheirLongArrays) {
    const auto lines = read_tree_rows("r.jsonl", "{\"a\": 1}\n{\"a\": NaN}\n{\"a\"");
    ASSERT_THAT(lines, SizeIs(3));
    EXPECT_EQ(lines[1].torn, "");
    EXPECT_NE(lines[2].torn, "");
    std::string scores = "[";
    for (int i = 0; i < 3000; ++i)
        scores += "0.5,";
    scores += "1]";
    const auto rows =
        read_tree_rows("m.json", "{\"i_roc\": 99.5, \"semantic_scores\": " + scores + "}");
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_THAT(rows[0].cells, ElementsAre(Member("i_roc", 99.5)));
}

TEST(TreeRows, ReadNothingOfOtherFiles) {
    EXPECT_THAT(read_tree_rows("r.png", "a,b\n1,2\n"), IsEmpty());
    EXPECT_FALSE(is_result_file("notes.txt"));
    EXPECT_TRUE(is_result_file("a/b.tsv"));
}

// Units mode x seed: (max, 111), (max, 222), (min, 111), (min, 222); shots is always 1.
Plan grid() {
    Stage score;
    score.name = "score";
    score.argv = {"true"};
    Axis mode;
    mode.name = "mode";
    mode.values = {"max", "min"};
    Axis seed;
    seed.name = "seed";
    seed.values = {111, 222};
    score.axes = {mode, seed};
    score.params = {
        {"shots", 1}
    };
    Sweep sweep;
    sweep.name = "grid";
    sweep.stages = {score};
    return *Plan::make(sweep);
}

TEST(Placement, GivesEachRowToTheUnitThatItsCellsName) {
    const Plan plan = grid();
    const Placement placement = place_rows(
        plan,
        StageIndex{0},
        "/results",
        read_tree_rows("r.csv", "seed,mode,shots,auroc\n222,min,1,0.75\n111.0,max,1,nan\n")
    );
    EXPECT_EQ(placement.adopted, 2U);
    EXPECT_THAT(placement.unplaced, IsEmpty());
    ASSERT_THAT(placement.facts, SizeIs(2));
    const auto& first = std::get<UnitAdopted>(placement.facts[0]);
    EXPECT_EQ(first.unit.index, 0U);
    EXPECT_EQ(first.end.rows, "{\"auroc\":NaN}\n");
    EXPECT_EQ(first.from, "/results/r.csv:3");
    EXPECT_EQ(std::get<UnitAdopted>(placement.facts[1]).unit.index, 3U);
}

TEST(Placement, NamesRowsOfNoUnitAndWhy) {
    const Plan plan = grid();
    const Placement placement = place_rows(
        plan,
        StageIndex{
            0
    },
        "/results",
        {{.place = "a", .cells = {{"mode", "sum"}, {"seed", 111}}},
         {.place = "b", .cells = {{"mode", "max"}}},
         {.place = "c", .cells = {{"mode", "max"}, {"seed", 111}, {"shots", 4}}}}
    );
    EXPECT_THAT(placement.facts, IsEmpty());
    ASSERT_THAT(placement.unplaced, SizeIs(3));
    EXPECT_THAT(placement.unplaced[0], HasSubstr("the plan has no unit of mode=sum"));
    EXPECT_EQ(placement.unplaced[1], "b: nothing says its seed");
    EXPECT_THAT(placement.unplaced[2], HasSubstr("its shots is 4"));
}

TEST(Placement, TakesTwoEqualResultsForOneAndRefusesTwoThatDiffer) {
    const Plan plan = grid();
    const Placement placement = place_rows(
        plan,
        StageIndex{0},
        "/results",
        read_tree_rows(
            "r.csv", "seed,mode,auroc\n111,max,0.5\n111,max,0.5\n222,max,0.5\n222,max,0.6\n"
        )
    );
    EXPECT_EQ(placement.adopted, 1U);
    EXPECT_EQ(placement.twice, 1U);
    const auto& refused = std::get<UnitFailed>(placement.facts[1]);
    EXPECT_EQ(refused.end.message, "found twice, and they differ: r.csv:4 and r.csv:5");
    EXPECT_EQ(refused.end.cause, Cause::records);
}

TEST(Placement, RefusesAResultOfWhichThereIsOnlyACutOffOne) {
    const Plan plan = grid();
    std::vector<TreeRow> rows = read_tree_rows("r.csv", "seed,mode,auroc\n111,max,0.5\n111,max,0");
    for (TreeRow& row : read_tree_rows("s.csv", "seed,mode,auroc,gap\n222,max,0.5"))
        rows.push_back(std::move(row));
    const Placement placement = place_rows(plan, StageIndex{0}, "/results", rows);
    EXPECT_EQ(placement.torn, 1U);
    EXPECT_THAT(std::get<UnitFailed>(placement.facts.back()).end.message, HasSubstr("s.csv:2"));
}

}  // namespace
}  // namespace xorch
