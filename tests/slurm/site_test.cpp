#include "slurm/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slurm/fake_slurm.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<PartitionFacts> three_partitions{
    {.name = "gpu"},
    {.name = "cpu", .is_default = true},
    {.name = "gpux"            }
};

TEST(SlurmSite, ServingPartitionsAreThoseNamedOrTheDefault) {
    const auto named = partitions_asked({.partition = "gpu,none"}, three_partitions);
    ASSERT_THAT(named, SizeIs(1));
    EXPECT_EQ(named.front().name, "gpu");
    const auto usual = partitions_asked({}, three_partitions);
    ASSERT_THAT(usual, SizeIs(1));
    EXPECT_EQ(usual.front().name, "cpu");
    EXPECT_THAT(partitions_asked({.partition = "gp"}, three_partitions), IsEmpty());
}

TEST(SlurmSite, AControllerThatIsDownIsAnAnswerThoughPingFails) {
    FakeSlurm fake;
    fake.answer("scontrol", {.output = "Slurmctld(primary) at ctl is DOWN\n", .exit_code = 1});
    const auto controllers = SlurmSite(fake.environment()).controllers();
    ASSERT_TRUE(controllers) << controllers.error().message;
    EXPECT_FALSE(controllers->front().is_up);
    fake.answer("scontrol", {.error_output = "no configuration\n", .exit_code = 1});
    const auto none = SlurmSite(fake.environment()).controllers();
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("no configuration"));
}

TEST(SlurmSite, CommandsThatBelongToNoClusterAreToldFromAControllerThatIsDown) {
    FakeSlurm fake;
    fake.answer(
        "scontrol",
        {.error_output = "scontrol: error: fetch_config: DNS SRV lookup failed\n"
                         "scontrol: fatal: Could not establish a configuration source\n",
         .exit_code = 1}
    );
    const auto controllers = SlurmSite(fake.environment()).controllers();
    ASSERT_FALSE(controllers);
    EXPECT_EQ(controllers.error().code, ErrorCode::invalid_input);
}

TEST(SlurmSite, ACommandThatIsNotThereIsNotFound) {
    FakeSlurm fake;
    fake.remove("sinfo");
    const auto partitions = SlurmSite(fake.environment()).partitions();
    ASSERT_FALSE(partitions);
    EXPECT_EQ(partitions.error().code, ErrorCode::not_found);
}

TEST(SlurmSite, TestsASubmissionWithoutQueuingIt) {
    FakeSlurm fake;
    const SlurmSite site(fake.environment());
    const auto answer = site.test({.partition = "gpu"}, "/tmp");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outcome, SubmissionOutcome::accepted);
    EXPECT_THAT(fake.argv("sbatch"), testing::Contains("--test-only"));
    EXPECT_FALSE(site.test({.partition = "two words"}, "/tmp"));
    EXPECT_EQ(fake.calls("sbatch"), 1U);
}

}  // namespace
}  // namespace xorch
