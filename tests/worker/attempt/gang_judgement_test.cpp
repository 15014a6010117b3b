#include "worker/attempt/steps/gang_judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/posix_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Of two ranks on two nodes, of which neither left a word.
class GangJudgement : public testing::Test {
 protected:
    ExitFacts judged_by(const std::string& launcher, int exit_code, const std::string& output) {
        FinishRequest request;
        request.stage = &stage_;
        request.places.scratch = folder_.path();
        request.facts.exit_code = exit_code;
        request.gang = GangFinish{
            .hosts = {{"n1", 1}, {"n2", 1}},
              .launcher = launcher
        };
        request.recent_output = output;
        PosixDisk disk;
        hear_ranks(disk, request);
        return request.facts;
    }

    TemporaryDirectory folder_;
    Stage stage_;
};

TEST_F(GangJudgement, BelievesSlurmThatMemoryRanOut) {
    const ExitFacts facts = judged_by("srun", 137, "srun: error: n2: task 1: Out Of Memory\n");
    EXPECT_EQ(facts.imposed, Cause::out_of_memory);
    EXPECT_THAT(facts.imposed_message, HasSubstr("n2: task 1: Out Of Memory"));
}

TEST_F(GangJudgement, TakesWhatTheProgramPrintsForNoWordOfSlurms) {
    const ExitFacts facts =
        judged_by("srun", 1, "Out Of Memory\nsrun: error: n2: task 1: Exited\n");
    EXPECT_FALSE(facts.imposed);
    EXPECT_THAT(facts.reason, HasSubstr("n2: task 1: Exited"));
}

}  // namespace
}  // namespace xorch
