#include "core/slurm_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace xorch {
namespace {

using testing::HasSubstr;

std::string option(std::string_view name, std::string_view value) {
    const SlurmRule* rule = find_slurm_option(name);
    if (rule == nullptr) return "unknown";
    const auto checked = check_slurm_text(*rule, value);
    return checked ? "accepted" : checked.error().message;
}

TEST(SlurmOptions, AcceptsWhatPeopleWrite) {
    EXPECT_EQ(option("gres", "gpu:a100:2,shard:1"), "accepted");
    EXPECT_EQ(option("licenses", "matlab@host:3"), "accepted");
    EXPECT_EQ(option("nodelist", "n[1-3,07-09],m1"), "accepted");
    EXPECT_EQ(option("mem", "4000"), "accepted");
    EXPECT_EQ(option("mem-per-cpu", "2G"), "accepted");
    EXPECT_EQ(option("exclusive", ""), "accepted");
    EXPECT_EQ(option("exclusive", "user"), "accepted");
    EXPECT_EQ(option("contiguous", ""), "accepted");
    EXPECT_EQ(option("mail-user", "a.b+c@example.org"), "accepted");
    EXPECT_EQ(option("mail-type", "END,FAIL"), "accepted");
    EXPECT_EQ(option("begin", "now+1hour"), "accepted");
    EXPECT_EQ(option("time-min", "1-02:00:00"), "accepted");
    EXPECT_EQ(option("switches", "2@10:00"), "accepted");
}

TEST(SlurmOptions, WhatXorchDecidesItselfIsNoOption) {
    for (const char* name :
         {"signal",
          "requeue",
          "no-requeue",
          "array",
          "export",
          "wrap",
          "output",
          "error",
          "chdir",
          "dependency",
          "job-name",
          "parsable",
          "open-mode",
          "uid",
          "prolog",
          "get-user-env",
          ""}) {
        EXPECT_EQ(option(name, "x"), "unknown") << name;
    }
}

TEST(SlurmOptions, RefusesWhatCouldBeReadOtherwise) {
    EXPECT_THAT(option("gres", "--uid=0"), HasSubstr("must not start with a dash"));
    EXPECT_THAT(option("gres", "gpu:1\n#SBATCH"), HasSubstr("must be letters"));
    EXPECT_THAT(option("gres", "gpu:1 --uid=0"), HasSubstr("must be letters"));
    EXPECT_THAT(option("nodelist", "$(reboot)"), HasSubstr("must be letters"));
    EXPECT_THAT(option("reservation", "a'b"), HasSubstr("must be words"));
    EXPECT_THAT(option("nice", "-5"), HasSubstr("dash"));
    EXPECT_THAT(option("mem", "4GB"), HasSubstr("K, M, G or T"));
    EXPECT_THAT(option("contiguous", "yes"), HasSubstr("must be true"));
    EXPECT_THAT(option("gres", ""), HasSubstr("must be letters"));
    EXPECT_THAT(option("gres", std::string(1025, 'a')), HasSubstr("longer than 1024"));
}

TEST(SlurmOptions, ACommentIsOneLineOfAnything) {
    const SlurmRule* comment = find_slurm_key("comment");
    ASSERT_NE(comment, nullptr);
    EXPECT_TRUE(check_slurm_text(*comment, "it's a \"test\" of $(x), Größe"));
    EXPECT_FALSE(check_slurm_text(*comment, "two\nlines"));
    EXPECT_FALSE(check_slurm_text(*comment, "\x1B[31m"));
    EXPECT_FALSE(check_slurm_text(*comment, std::string_view("a\0b", 3)));
}

TEST(SlurmOptions, TheRulesAreSortedAndUnique) {
    const auto& rules = slurm_option_rules();
    EXPECT_TRUE(std::is_sorted(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
        return a.name <= b.name;
    }));
}

TEST(SlurmOptions, NothingAcceptedHoldsAControlCharacterOrStartsWithADash) {
    std::mt19937 random(1);
    const std::string bytes = "a1-:,@[]|\n\t\r $`'\"\\;\x7F=G";
    for (int i = 0; i < 5'000; ++i) {
        std::string value;
        for (std::size_t length = random() % 6; length > 0; --length)
            value.push_back(bytes[random() % bytes.size()]);
        const auto& rules = slurm_option_rules();
        const SlurmRule& rule = rules[random() % rules.size()];
        if (!check_slurm_text(rule, value)) continue;
        EXPECT_EQ(value.find_first_of("\n\t\r $`'\"\\;\x7F"), std::string::npos) << value;
        EXPECT_FALSE(value.starts_with('-')) << value;
    }
}

}  // namespace
}  // namespace xorch
