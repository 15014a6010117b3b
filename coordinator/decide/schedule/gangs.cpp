#include "coordinator/decide/schedule/gangs.h"

#include <algorithm>
#include <cctype>

#include "core/capacity.h"

namespace xorch {

namespace {

bool is_digit(char letter) {
    return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

// The number that the text begins with, without leading zeros, is cut off.
std::string_view take_number(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    std::string_view number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(number.size());
    while (number.size() > 1 && number.front() == '0')
        number.remove_prefix(1);
    return number;
}

// So many ranks on each node, and on the last one what is left: it may have less room.
std::vector<RankOffer> spread_evenly(const Resources& asked, std::vector<RankOffer> offers) {
    const std::uint32_t per_node = asked.ranks_per_node;
    const std::size_t nodes = (asked.ranks - 1) / per_node + 1;
    const std::uint32_t last = (asked.ranks - 1) % per_node + 1;
    std::erase_if(offers, [&](const RankOffer& offer) { return offer.ranks < last; });
    const auto rest = std::stable_partition(offers.begin(), offers.end(), [&](const auto& offer) {
        return offer.ranks >= per_node;
    });
    const auto full = static_cast<std::size_t>(rest - offers.begin());
    if (full + 1 < nodes || offers.size() < nodes) return {};
    offers.resize(nodes);
    for (RankOffer& offer : offers)
        offer.ranks = std::min(offer.ranks, per_node);
    return offers;
}

bool is_earlier(const RankOffer& left, const RankOffer& right) {
    return is_earlier_node(left.agent->node, right.agent->node);
}

// The largest offers until they hold the gang; the last one is the smallest that does, so that
// large holes stay for others. Empty if they do not.
std::vector<RankOffer> fewest_nodes(const Resources& asked, std::vector<RankOffer> offers) {
    std::stable_sort(offers.begin(), offers.end(), is_earlier);
    std::stable_sort(offers.begin(), offers.end(), [](const RankOffer& a, const RankOffer& b) {
        return a.ranks > b.ranks;
    });
    std::uint32_t missing = asked.ranks;
    std::vector<RankOffer> chosen;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        if (offers[i].ranks < missing) {
            missing -= offers[i].ranks;
            chosen.push_back(offers[i]);
            continue;
        }
        while (i + 1 < offers.size() && offers[i + 1].ranks >= missing)
            ++i;
        chosen.push_back(offers[i]);
        return chosen;
    }
    return {};
}

}  // namespace

bool is_earlier_node(std::string_view left, std::string_view right) {
    const std::string_view left_name = left;
    const std::string_view right_name = right;
    while (!left.empty() && !right.empty()) {
        if (is_digit(left.front()) && is_digit(right.front())) {
            const std::string_view a = take_number(left);
            const std::string_view b = take_number(right);
            if (a.size() != b.size()) return a.size() < b.size();
            if (a != b) return a < b;
            continue;
        }
        if (left.front() != right.front()) return left.front() < right.front();
        left.remove_prefix(1);
        right.remove_prefix(1);
    }
    if (left.empty() != right.empty()) return left.empty();
    return left_name < right_name;
}

std::vector<GangShare> first_that_hold(const Resources& asked, std::vector<RankOffer> offers) {
    if (asked.ranks_per_node > 0) offers = spread_evenly(asked, std::move(offers));
    std::vector<GangShare> shares;
    std::uint32_t missing = asked.ranks;
    for (const RankOffer& offer : offers) {
        const std::uint32_t ranks = std::min(offer.ranks, missing);
        if (ranks > 0) shares.push_back({offer.agent->incarnation, ranks});
        missing -= ranks;
    }
    return missing == 0 ? shares : std::vector<GangShare>{};
}

std::vector<GangShare> place_ranks(const Resources& asked, std::vector<RankOffer> offers) {
    std::erase_if(offers, [](const RankOffer& offer) { return offer.ranks == 0; });
    if (asked.ranks_per_node == 0) offers = fewest_nodes(asked, std::move(offers));
    std::stable_sort(offers.begin(), offers.end(), is_earlier);
    return first_that_hold(asked, std::move(offers));
}

bool could_hold_gang(const State& state, const Resources& asked) {
    std::map<AllocationId, std::vector<RankOffer>> offers;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        offers[agent.allocation].push_back({&agent, fitting(agent.capacity, {}, asked)});
    }
    return std::any_of(offers.begin(), offers.end(), [&](auto& each) {
        return !place_ranks(asked, std::move(each.second)).empty();
    });
}

}  // namespace xorch
