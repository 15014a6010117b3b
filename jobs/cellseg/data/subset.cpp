#include "jobs/cellseg/data/subset.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "jobs/random/random_stream.h"

namespace xorch::cellseg {

namespace {

using MembersByGroup = std::map<std::string, std::vector<std::size_t>>;

// One group without a name where the budget is for all.
MembersByGroup members_by_group(const std::vector<std::string>& groups, bool per_group) {
    MembersByGroup by_group;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        by_group[per_group ? groups[i] : std::string()].push_back(i);
    }
    return by_group;
}

Result<std::vector<std::int64_t>> parse_budgets(std::string_view text) {
    std::vector<std::int64_t> budgets;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, comma);
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
        if (error != std::errc() || end != item.data() + item.size() || number < 0) {
            return fail(
                ErrorCode::invalid_input, fmt::format("budgets: \"{}\" is no number", item)
            );
        }
        budgets.push_back(number);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    std::sort(budgets.begin(), budgets.end());
    return budgets;
}

}  // namespace

Subset draw_subset(
    const std::vector<std::string>& groups, const Budget& budget, std::uint32_t seed
) {
    Subset subset;
    for (const auto& [group, members] : members_by_group(groups, budget.per_group)) {
        const std::size_t wanted =
            budget.images == 0 ? members.size() : static_cast<std::size_t>(budget.images);
        const std::size_t taken = std::min(wanted, members.size());
        RandomStream random(seed, "subset/" + group, {budget.images, budget.repeat});
        for (const std::size_t chosen : random.sample(members.size(), taken)) {
            subset.members.push_back(members[chosen]);
        }
        if (!subset.effective.empty()) subset.effective += ' ';
        if (budget.per_group) subset.effective += group + '=';
        subset.effective += std::to_string(taken);
    }
    std::sort(subset.members.begin(), subset.members.end());
    return subset;
}

Result<std::string> clamped_duplicate(
    const std::vector<std::string>& groups, const Budget& budget, const std::string& budgets
) {
    const auto others = parse_budgets(budgets);
    if (!others) return tl::unexpected(others.error());
    std::size_t largest_group = 0;
    for (const auto& [group, members] : members_by_group(groups, budget.per_group)) {
        largest_group = std::max(largest_group, members.size());
    }
    for (const std::int64_t other : *others) {
        if (other >= static_cast<std::int64_t>(largest_group) && other < budget.images) {
            return std::to_string(other);
        }
    }
    return std::string();
}

}  // namespace xorch::cellseg
