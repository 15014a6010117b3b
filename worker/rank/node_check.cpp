#include "worker/rank/node_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/io/clock.h"
#include "worker/rank/check_socket.h"
#include "worker/rank/node_sum.h"

namespace xorch {

namespace {

constexpr int rounds = 2;
// Longer than any word and name of a node.
constexpr std::size_t hello_bytes_max = 256;
// Besides the nodes; a scan of all ports opens one.
constexpr std::size_t strangers_max = 64;

std::string hello_of(const GangPlan& plan, const std::string& node) {
    return fmt::format("{} {}\n", plan.check_token, node);
}

NodeCheck blame(const std::string& node, std::string_view what) {
    return {.passed = false, .unfit_node = node, .reason = fmt::format("{} {}", node, what)};
}

// A connection at rank 0: a stranger's until its first line names a node.
struct Caller {
    Descriptor socket;
    std::string node;
    std::string bytes;
    bool is_gone = false;

    bool has_given() const { return !node.empty() && bytes.size() >= node_numbers_bytes; }
};

class LeadingNode {
 public:
    LeadingNode(const Descriptor& listener, const GangPlan& plan, Millis until)
        : listener_(listener), plan_(plan), until_(until) {}

    NodeCheck run() {
        std::string word = plan_.check_token;
        for (int round = 0; round < rounds; ++round) {
            hear_round();
            if (auto missing = find_missing()) return *missing;
            NodeNumbers sum = numbers_of(word, first());
            for (const Caller& caller : callers_)
                add_to(sum, numbers_from_bytes(caller.bytes));
            if (sum != expected_sum(word, plan_.hosts)) return blame_for(word);
            tell(sum);
            word = next_word(sum);
        }
        return {.passed = true, .unfit_node = {}, .reason = {}};
    }

 private:
    const std::string& first() const { return plan_.hosts.front().node; }

    // Until all have given their numbers, one has left, or the time is up.
    void hear_round() {
        while (!is_round_over()) {
            std::vector<pollfd> watched{
                {.fd = listener_.number(), .events = POLLIN, .revents = 0}
            };
            for (const Caller& caller : callers_)
                watched.push_back({.fd = caller.socket.number(), .events = POLLIN, .revents = 0});
            const Millis left = std::max(until_ - read_clocks().boot, Millis{0});
            if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) <= 0) break;
            for (std::size_t i = 0; i < callers_.size(); ++i) {
                if (watched[i + 1].revents != 0) hear(callers_[i]);
            }
            std::erase_if(callers_, [](const Caller& caller) {
                return caller.is_gone && caller.node.empty();
            });
            if (watched.front().revents != 0) accept_caller();
        }
        std::erase_if(callers_, [](const Caller& caller) { return caller.node.empty(); });
    }

    bool is_round_over() const {
        const auto given = std::count_if(callers_.begin(), callers_.end(), [](const auto& caller) {
            return caller.has_given();
        });
        const bool has_lost = std::any_of(callers_.begin(), callers_.end(), [](const auto& caller) {
            return caller.is_gone;
        });
        return has_lost || static_cast<std::size_t>(given) + 1 == plan_.hosts.size();
    }

    void accept_caller() {
        Descriptor socket(
            ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)
        );
        if (!socket.is_open() || callers_.size() >= plan_.hosts.size() + strangers_max) return;
        callers_.push_back({.socket = std::move(socket), .node = {}, .bytes = {}});
    }

    void hear(Caller& caller) {
        std::array<char, hello_bytes_max + node_numbers_bytes> chunk{};
        const ssize_t got = ::recv(caller.socket.number(), chunk.data(), chunk.size(), 0);
        if (got <= 0) {
            caller.is_gone = got == 0 || errno != EAGAIN;
            return;
        }
        caller.bytes.append(chunk.data(), static_cast<std::size_t>(got));
        // Nobody has more to say before the sum is told.
        if (caller.bytes.size() > chunk.size()) caller.is_gone = true;
        if (!caller.node.empty()) return;
        const std::size_t end = caller.bytes.find('\n');
        if (end == std::string::npos) {
            caller.is_gone = caller.bytes.size() >= hello_bytes_max;
            return;
        }
        caller.node = node_that_says(caller.bytes.substr(0, end + 1));
        caller.is_gone = caller.is_gone || caller.node.empty();
        caller.bytes.erase(0, end + 1);
    }

    std::string node_that_says(std::string_view hello) const {
        for (std::size_t i = 1; i < plan_.hosts.size(); ++i) {
            const std::string& node = plan_.hosts[i].node;
            if (find_caller(node) == nullptr && hello == hello_of(plan_, node)) return node;
        }
        return "";
    }

    const Caller* find_caller(const std::string& node) const {
        const auto found = std::find_if(callers_.begin(), callers_.end(), [&](const auto& caller) {
            return caller.node == node;
        });
        return found == callers_.end() ? nullptr : &*found;
    }

    std::optional<NodeCheck> find_missing() const {
        std::vector<std::string> away;
        std::optional<NodeCheck> lost;
        for (std::size_t i = 1; i < plan_.hosts.size(); ++i) {
            const std::string& node = plan_.hosts[i].node;
            const Caller* caller = find_caller(node);
            if (caller == nullptr) {
                away.push_back(node);
            } else if (caller->is_gone) {
                lost = blame(node, "left the sum over all nodes");
            } else if (!caller->has_given() && !lost) {
                lost = blame(node, "fell silent in the sum over all nodes");
            }
        }
        if (lost || away.empty()) return lost;
        // If several nodes hear nothing of this one, it is more likely to be the one at fault.
        const bool is_own = callers_.empty() && away.size() > 1;
        const std::string what =
            fmt::format("{} did not reach {} at {}", fmt::join(away, ", "), first(), plan_.address);
        return NodeCheck{
            .passed = false, .unfit_node = is_own ? first() : away.front(), .reason = what};
    }

    NodeCheck blame_for(std::string_view word) const {
        for (const Caller& caller : callers_) {
            if (numbers_from_bytes(caller.bytes) != numbers_of(word, caller.node))
                return blame(caller.node, "gave wrong numbers to the sum over all nodes");
        }
        return blame(first(), "added up wrong what all nodes gave");
    }

    void tell(const NodeNumbers& sum) {
        const std::string bytes = numbers_as_bytes(sum);
        for (Caller& caller : callers_) {
            caller.is_gone = !send_all(caller.socket, bytes, until_);
            caller.bytes.clear();
        }
    }

    const Descriptor& listener_;
    const GangPlan& plan_;
    Millis until_;
    std::vector<Caller> callers_;
};

}  // namespace

NodeCheck lead_check(const Descriptor& listener, const GangPlan& plan, Millis patience) {
    return LeadingNode(listener, plan, read_clocks().boot + patience).run();
}

NodeCheck follow_check(const GangPlan& plan, const std::string& node, Millis patience) {
    const Millis until = read_clocks().boot + patience;
    const std::string& first = plan.hosts.front().node;
    const auto socket = reach(plan.address, plan.check_port, until);
    if (!socket) {
        return {
            .passed = false,
            .unfit_node = first,
            .reason = fmt::format("{} does not reach {}: {}", node, first, socket.error().message)};
    }
    std::string word = plan.check_token;
    std::string message = hello_of(plan, node);
    for (int round = 0; round < rounds; ++round) {
        message += numbers_as_bytes(numbers_of(word, node));
        std::string heard;
        const Reception got = send_all(*socket, message, until)
                                  ? receive(*socket, heard, node_numbers_bytes, until)
                                  : Reception::closed;
        // Rank 0 knows why.
        if (got == Reception::closed)
            return {.passed = false, .unfit_node = {}, .reason = first + " broke it off"};
        if (got == Reception::silent) return blame(first, "fell silent in the sum over all nodes");
        const NodeNumbers sum = numbers_from_bytes(heard);
        // Rank 0 looked at it before it was sent.
        if (sum != expected_sum(word, plan.hosts))
            return blame(node, "received a wrong sum over all nodes");
        word = next_word(sum);
        message.clear();
    }
    return {.passed = true, .unfit_node = {}, .reason = {}};
}

NodeCheck check_nodes(const GangPlan& plan, const RankPlace& place, Millis patience) {
    if (place.rank != 0) return follow_check(plan, place.node, patience);
    const auto listener = listen_at(plan.address, plan.check_port);
    if (listener) return lead_check(*listener, plan, patience);
    return {.passed = false, .unfit_node = {}, .reason = listener.error().message};
}

}  // namespace xorch
