#include "coordinator/input/adhoc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/input/sweep_text.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Adhoc, WritesASweepFileThatSaysTheSame) {
    const auto text = read_adhoc(
        {"lr=1e-4,1e-3", "opt=adam,sgd", "n=1,2", "flag=true", "text=\"a,b\",c d"},
        {"python", "src/train.py", "--lr", "{lr}", "a \"quoted\"\nargument"}
    );
    ASSERT_TRUE(text) << text.error().message;
    const Sweep sweep = parse(*text);
    EXPECT_EQ(sweep.name, "train");
    const Stage& run = sweep.stages.at(0);
    EXPECT_EQ(run.argv.back(), "a \"quoted\"\nargument");
    ASSERT_EQ(run.axes.size(), 5U);
    EXPECT_THAT(run.axes[0].values, ElementsAre(Value(1e-4), Value(1e-3)));
    EXPECT_THAT(run.axes[1].values, ElementsAre(Value("adam"), Value("sgd")));
    EXPECT_THAT(run.axes[2].values, ElementsAre(Value(1), Value(2)));
    EXPECT_THAT(run.axes[3].values, ElementsAre(Value(true)));
    EXPECT_THAT(run.axes[4].values, ElementsAre(Value("a,b"), Value("c d")));
}

TEST(Adhoc, SummarisesOverSeedsAndTellsOtherValuesApart) {
    const auto text = read_adhoc({"lr=1,2", "seed=1,2", "opt=a,b"}, {"prog"});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(parse(*text).summary.by, ElementsAre("lr", "opt"));
}

TEST(Adhoc, RefusesAnAxisWithoutValuesAndACommandThatIsMissing) {
    const auto axis = read_adhoc({"lr"}, {"a"});
    ASSERT_FALSE(axis);
    EXPECT_EQ(axis.error().code, ErrorCode::usage);
    EXPECT_THAT(axis.error().message, HasSubstr("name=value"));
    EXPECT_FALSE(read_adhoc({"lr="}, {"a"}));
    EXPECT_FALSE(read_adhoc({"l r=1"}, {"a"}));
    EXPECT_THAT(read_adhoc({"lr=1"}, {}).error().message, HasSubstr("after --"));
}

TEST(Adhoc, RefusesAnArgumentThatIsNotUtf8) {
    const auto text = read_adhoc({}, {"prog", "\xFF"});
    ASSERT_FALSE(text);
    EXPECT_THAT(text.error().message, HasSubstr("not UTF-8"));
}

TEST(Adhoc, NamesTheSweepAfterAnyProgram) {
    EXPECT_THAT(*read_adhoc({}, {"/opt/my prog"}), HasSubstr("name = \"my_prog\""));
    EXPECT_THAT(*read_adhoc({}, {"/"}), HasSubstr("name = \"adhoc\""));
}

}  // namespace
}  // namespace xorch
