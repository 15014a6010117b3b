#include "worker/rank/node_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "core/io/clock.h"
#include "tests/support/temporary_directory.h"
#include "worker/gang/lease.h"
#include "worker/rank/check_socket.h"
#include "worker/rank/node_sum.h"

namespace xorch {
namespace {

using testing::StartsWith;

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

    // A node takes part in a process of its own, whose exit code says whether it may start.
    void take_part(std::uint32_t rank, const std::string& token) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            GangPlan plan = plan_;
            plan.check_token = token;
            ::_exit(check_nodes(plan, place_of(plan.hosts, rank), ample).passed ? 0 : 1);
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

    NodeCheck lead(Millis patience) {
        return check_nodes(plan_, place_of(plan_.hosts, 0), patience);
    }

    // What this test does in the place of a node: it says so much and no more.
    Descriptor connect_and_say(const std::string& words) {
        auto socket = reach(plan_.address, plan_.check_port, read_clocks().boot + ample)
                          .value_or(Descriptor());
        EXPECT_TRUE(send_all(socket, words, Millis{0}));
        return socket;
    }

    std::string numbers(const std::string& node) const {
        return numbers_as_bytes(numbers_of(plan_.check_token, node));
    }

    std::string sum() const {
        return numbers_as_bytes(expected_sum(plan_.check_token, plan_.hosts));
    }

    TemporaryDirectory folder_;
    Lease lease_;
    GangPlan plan_;
    std::vector<pid_t> children_;
};

TEST_F(CheckOfNodes, PassesOnceAllHaveAddedUp) {
    take_part(3, "word");
    take_part(2, "word");
    EXPECT_TRUE(lead(ample).passed);
    EXPECT_EQ(ends(), (std::vector<int>{0, 0}));
}

TEST_F(CheckOfNodes, NamesTheOneThatStaysAway) {
    plan_.hosts.pop_back();
    const NodeCheck check = lead(brief);
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n2");
    EXPECT_EQ(check.reason, "n2 did not reach n1 at 127.0.0.1");
}

TEST_F(CheckOfNodes, BlamesTheNodeThatNobodyReaches) {
    EXPECT_EQ(lead(brief).unfit_node, "n1");
}

TEST_F(CheckOfNodes, TakesAStrangerForNoNode) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    const Descriptor silent = connect_and_say("");
    const Descriptor wrong = connect_and_say("guess n2\n" + numbers("n2"));
    const Descriptor endless = connect_and_say(std::string(4096, 'x'));
    take_part(3, "word");
    take_part(2, "word");
    EXPECT_TRUE(lead_check(*listener, plan_, ample).passed);
    EXPECT_EQ(ends(), (std::vector<int>{0, 0}));
}

TEST_F(CheckOfNodes, NamesTheOneWhoseNumbersAreWrong) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    const Descriptor right = connect_and_say("word n3\n" + numbers("n3"));
    std::string damaged = numbers("n2");
    damaged[node_numbers_bytes / 2] ^= 1;
    const Descriptor wrong = connect_and_say("word n2\n" + damaged);
    const NodeCheck check = lead_check(*listener, plan_, brief);
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n2");
    EXPECT_EQ(check.reason, "n2 gave wrong numbers to the sum over all nodes");
}

TEST_F(CheckOfNodes, NamesTheOneThatFallsSilentAmidItsNumbers) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    const Descriptor whole = connect_and_say("word n2\n" + numbers("n2"));
    const Descriptor half =
        connect_and_say("word n3\n" + numbers("n3").substr(0, node_numbers_bytes / 2));
    const NodeCheck check = lead_check(*listener, plan_, brief);
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n3");
    EXPECT_EQ(check.reason, "n3 fell silent in the sum over all nodes");
}

TEST_F(CheckOfNodes, NamesTheOneThatFallsSilentOnceItHasTheSum) {
    plan_.hosts.pop_back();
    const auto listener = listen_at(plan_.address, plan_.check_port);
    const Descriptor node = connect_and_say("word n2\n" + numbers("n2"));
    EXPECT_EQ(lead_check(*listener, plan_, brief).unfit_node, "n2");
    std::string told;
    EXPECT_EQ(receive(node, told, node_numbers_bytes, Millis{0}), Reception::whole);
    EXPECT_EQ(told, sum());
}

TEST_F(CheckOfNodes, DoesNotWaitForOneThatHasLeft) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    connect_and_say("word n2\n" + numbers("n2").substr(0, 8));
    const NodeCheck check = lead_check(*listener, plan_, ample);
    EXPECT_EQ(check.unfit_node, "n2");
    EXPECT_EQ(check.reason, "n2 left the sum over all nodes");
}

TEST_F(CheckOfNodes, ANodeFindsRankZeroAway) {
    const NodeCheck check = follow_check(plan_, "n2", brief);
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n1");
    EXPECT_THAT(check.reason, StartsWith("n2 does not reach n1: reaching 127.0.0.1: "));
}

TEST_F(CheckOfNodes, ANodeFindsRankZeroSilent) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    const NodeCheck check = follow_check(plan_, "n2", brief);
    EXPECT_EQ(check.unfit_node, "n1");
    EXPECT_EQ(check.reason, "n1 fell silent in the sum over all nodes");
}

// As rank 0, this test answers a node with its own numbers.
TEST_F(CheckOfNodes, ANodeTakesAnEchoForNoSum) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    auto follower =
        std::async(std::launch::async, [this] { return follow_check(plan_, "n2", ample); });
    ASSERT_EQ(wait_for(*listener, POLLIN, read_clocks().boot + ample), true);
    const Descriptor node(::accept(listener->number(), nullptr, nullptr));
    const std::string hello = "word n2\n";
    std::string heard;
    ASSERT_EQ(receive(node, heard, hello.size() + node_numbers_bytes, Millis{0}), Reception::whole);
    EXPECT_EQ(heard, hello + numbers("n2"));
    ASSERT_TRUE(send_all(node, numbers("n2"), Millis{0}));
    const NodeCheck check = follower.get();
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "n2");
    EXPECT_EQ(check.reason, "n2 received a wrong sum over all nodes");
}

TEST_F(CheckOfNodes, ANodeThatIsLeftAloneBlamesNobody) {
    const auto listener = listen_at(plan_.address, plan_.check_port);
    auto follower =
        std::async(std::launch::async, [this] { return follow_check(plan_, "n2", ample); });
    ASSERT_TRUE(wait_for(*listener, POLLIN, read_clocks().boot + ample));
    Descriptor(::accept(listener->number(), nullptr, nullptr));
    const NodeCheck check = follower.get();
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(check.unfit_node, "");
}

TEST(NumbersOfNodes, AreOthersForAnotherNodeAndForAnotherWord) {
    EXPECT_EQ(numbers_of("word", "n1"), numbers_of("word", "n1"));
    EXPECT_NE(numbers_of("word", "n1"), numbers_of("word", "n2"));
    EXPECT_NE(numbers_of("word", "n1"), numbers_of("other", "n1"));
    EXPECT_NE(numbers_of("word", "n1").front(), numbers_of("word", "n1").back());
}

TEST(NumbersOfNodes, ComeBackFromTheirBytes) {
    const NodeNumbers numbers = numbers_of("word", "n1");
    const std::string bytes = numbers_as_bytes(numbers);
    EXPECT_EQ(bytes.size(), node_numbers_bytes);
    EXPECT_EQ(numbers_from_bytes(bytes), numbers);
}

TEST(NumbersOfNodes, AddUpInAnyOrder) {
    NodeNumbers sum = numbers_of("word", "n2");
    add_to(sum, numbers_of("word", "n1"));
    EXPECT_EQ(
        sum,
        expected_sum(
            "word",
            {
                {"n1", 1},
                {"n2", 4}
    }
        )
    );
}

}  // namespace
}  // namespace xorch
