#include "worker/rank/node_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"
#include "worker/gang/lease.h"

namespace xorch {
namespace {

using testing::HasSubstr;

constexpr Millis ample{60'000};
constexpr Millis brief{20};

class CheckOfNodes : public testing::Test {
 protected:
    CheckOfNodes() {
        auto lease = lease_port(folder_.path(), 4711);
        EXPECT_TRUE(lease);
        plan_.hosts = {
            {"n1", 2},
            {"n2", 1},
            {"n3", 1}
        };
        plan_.address = "127.0.0.1";
        plan_.check_port = lease->port;
        plan_.check_token = "word";
        lease_ = std::move(lease->lease);
    }

    ~CheckOfNodes() override {
        for (const pid_t child : children_)
            ::waitpid(child, nullptr, 0);
    }

    // A node reports in a process of its own, whose exit code says whether it may start.
    void report_from(std::uint32_t rank, const std::string& token, Millis patience) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            GangPlan plan = plan_;
            plan.check_token = token;
            ::_exit(check_nodes(plan, place_of(plan.hosts, rank), patience).passed ? 0 : 1);
        }
        children_.push_back(child);
    }

    std::vector<int> ends() {
        std::vector<int> codes;
        for (const pid_t child : children_) {
            int status = -1;
            EXPECT_EQ(::waitpid(child, &status, 0), child);
            codes.push_back(WEXITSTATUS(status));
        }
        children_.clear();
        return codes;
    }

    NodeCheck hear(Millis patience) {
        return check_nodes(plan_, place_of(plan_.hosts, 0), patience);
    }

    TemporaryDirectory folder_;
    Lease lease_;
    GangPlan plan_;
    std::vector<pid_t> children_;
};

TEST_F(CheckOfNodes, PassesOnceAllHaveReported) {
    report_from(3, "word", ample);
    report_from(2, "word", ample);
    EXPECT_TRUE(hear(ample).passed);
    EXPECT_EQ(ends(), (std::vector<int>{0, 0}));
}

TEST_F(CheckOfNodes, NamesTheOneThatStaysAway) {
    plan_.hosts.pop_back();
    const NodeCheck check = hear(brief);
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n2");
    EXPECT_THAT(check.reason, HasSubstr("n2 did not reach n1 at 127.0.0.1"));
}

TEST_F(CheckOfNodes, TakesAStrangerForNoNode) {
    plan_.hosts.pop_back();
    report_from(2, "guess", brief);
    EXPECT_EQ(hear(10 * brief).unfit_node, "n2");
    EXPECT_EQ(ends(), std::vector<int>{1});
}

TEST_F(CheckOfNodes, BlamesTheNodeThatNobodyReaches) {
    EXPECT_EQ(hear(brief).unfit_node, "n1");
}

TEST_F(CheckOfNodes, TellsANodeThatRankZeroIsNotThere) {
    report_from(2, "word", brief);
    EXPECT_EQ(ends(), std::vector<int>{1});
}

}  // namespace
}  // namespace xorch
