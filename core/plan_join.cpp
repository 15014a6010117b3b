#include "core/plan_join.h"

#include <algorithm>

namespace xorch {

namespace {

template <class T>
std::size_t bytes_of(const std::vector<T>& items) {
    return items.capacity() * sizeof(T);
}

// Rows of the positions in `row_of`, ascending within each row.
Rows collect_rows(const std::vector<std::uint32_t>& row_of, std::uint32_t count) {
    Rows rows;
    rows.first.assign(std::size_t{count} + 1, 0);
    std::size_t total = 0;
    for (const std::uint32_t row : row_of) {
        if (row == Join::nothing) continue;
        ++rows.first[row + 1];
        ++total;
    }
    for (std::uint32_t row = 0; row < count; ++row)
        rows.first[row + 1] += rows.first[row];
    rows.items.resize(total);
    std::vector<std::uint32_t> next(rows.first.begin(), rows.first.end() - 1);
    for (std::uint32_t i = 0; i < row_of.size(); ++i) {
        if (row_of[i] != Join::nothing) rows.items[next[row_of[i]]++] = i;
    }
    return rows;
}

// The position of each code in the sorted `known`, or `nothing`.
std::vector<std::uint32_t> look_up(
    const std::vector<std::uint64_t>& codes, const std::vector<std::uint64_t>& known
) {
    std::vector<std::uint32_t> found;
    found.reserve(codes.size());
    for (const std::uint64_t code : codes) {
        const auto at = std::lower_bound(known.begin(), known.end(), code);
        const bool hit = at != known.end() && *at == code;
        found.push_back(hit ? static_cast<std::uint32_t>(at - known.begin()) : Join::nothing);
    }
    return found;
}

}  // namespace

std::span<const std::uint32_t> Rows::row(std::uint32_t index) const {
    return std::span(items).subspan(first[index], first[index + 1] - first[index]);
}

std::size_t Rows::memory_bytes() const {
    return bytes_of(first) + bytes_of(items);
}

std::size_t Join::memory_bytes() const {
    return bytes_of(group_of) + units.memory_bytes() + members.memory_bytes() +
           bytes_of(fed_group) + bytes_of(digests);
}

Join make_join(
    std::uint32_t upstream,
    const std::vector<std::uint64_t>& codes,
    const std::vector<std::uint64_t>& upstream_codes
) {
    std::vector<std::uint64_t> groups = codes;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    const auto count = static_cast<std::uint32_t>(groups.size());
    Join join;
    join.upstream = upstream;
    join.group_of = look_up(codes, groups);
    join.units = collect_rows(join.group_of, count);
    join.fed_group = look_up(upstream_codes, groups);
    join.members = collect_rows(join.fed_group, count);
    if (2 * std::size_t{count} <= join.members.items.size()) join.digests.resize(count);
    return join;
}

}  // namespace xorch
