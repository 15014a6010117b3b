#include "slurm/host_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slurm/fields.h"
#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> expand(std::string_view text) {
    auto names = expand_host_list(text);
    EXPECT_TRUE(names) << names.error().message;
    return names ? *names : std::vector<std::string>{};
}

std::string refusal_of(std::string_view text, std::size_t most = hosts_max) {
    const auto names = expand_host_list(text, most);
    if (names) return "accepted";
    EXPECT_EQ(names.error().code, ErrorCode::invalid_input);
    return names.error().message;
}

TEST(HostList, ExpandsRangesAndKeepsTheirWidth) {
    EXPECT_THAT(
        expand("n[1-3,07-09],m1-a[2]"), ElementsAre("n1", "n2", "n3", "n07", "n08", "n09", "m1-a2")
    );
    EXPECT_THAT(expand("n[08-11]"), ElementsAre("n08", "n09", "n10", "n11"));
    EXPECT_THAT(expand("login.site.org\n"), ElementsAre("login.site.org"));
}

TEST(HostList, SeveralBracketsOfOneNameMultiply) {
    EXPECT_THAT(expand("r[1-2]n[3,5]"), ElementsAre("r1n3", "r1n5", "r2n3", "r2n5"));
    EXPECT_THAT(expand("r[1-2]-x"), ElementsAre("r1-x", "r2-x"));
}

TEST(HostList, KeepsTheOrderOfTheList) {
    EXPECT_THAT(expand("n3,n1,n2"), ElementsAre("n3", "n1", "n2"));
}

TEST(HostList, TheWordsForNoNodeNameNone) {
    for (const char* text : {"", "(null)", "n/a", "None assigned"}) {
        EXPECT_THAT(expand(text), IsEmpty()) << text;
    }
}

TEST(HostList, RefusesWhatIsNoList) {
    EXPECT_THAT(refusal_of("n[1-3"), HasSubstr("brackets do not match"));
    EXPECT_THAT(refusal_of("n1]"), HasSubstr("brackets do not match"));
    EXPECT_THAT(refusal_of("n[1[2]]"), HasSubstr("brackets do not match"));
    EXPECT_THAT(refusal_of("n[3-1]"), HasSubstr("\"3-1\" is no range"));
    EXPECT_THAT(refusal_of("n[]"), HasSubstr("no range"));
    EXPECT_THAT(refusal_of("n[a-c]"), HasSubstr("no range"));
    EXPECT_THAT(refusal_of("n1,,n2"), HasSubstr("no name"));
    EXPECT_THAT(refusal_of("n1 n2"), HasSubstr("no name"));
    EXPECT_THAT(refusal_of("-w,n1"), HasSubstr("no name"));
    EXPECT_THAT(refusal_of("$(reboot)"), HasSubstr("no name"));
}

TEST(HostList, HasALimit) {
    EXPECT_EQ(refusal_of("n[1-5]", 5), "accepted");
    EXPECT_THAT(refusal_of("n[1-6]", 5), HasSubstr("more than 5 nodes"));
    EXPECT_THAT(refusal_of("n[1-3],m[1-3]", 5), HasSubstr("more than 5 nodes"));
    EXPECT_THAT(refusal_of("n[0-999999999]"), HasSubstr("more than 65536 nodes"));
    EXPECT_THAT(refusal_of("a[1-999]b[1-999]c[1-999]"), HasSubstr("more than 65536 nodes"));
}

TEST(HostList, GarbageIsRefusedOrNamesOnlyWhatCanBeANode) {
    const RandomText garbage({"n", "[1-3]", "[", "]", ",", "-", "07", "[2,4]", " ", "$(x)", "'"});
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const auto names = expand_host_list(text, 1000);
        if (!names) continue;
        EXPECT_LE(names->size(), 1000U) << text;
        for (const std::string& name : *names)
            EXPECT_TRUE(is_plain_word(name)) << text;
    }
}

}  // namespace
}  // namespace xorch
