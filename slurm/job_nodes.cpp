#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "slurm/host_list.h"
#include "slurm/relay.h"

namespace xorch {
namespace {

std::optional<std::uint32_t> parse_count(std::string_view text) {
    std::uint32_t count = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (text.empty() || error != std::errc{} || stop != end || count == 0) return std::nullopt;
    return count;
}

// "4(x2)": four, twice.
bool add_entry(std::string_view entry, std::size_t most, std::vector<std::uint32_t>& all) {
    const std::size_t open = entry.find("(x");
    const auto cpus = parse_count(entry.substr(0, open));
    std::optional<std::uint32_t> times = 1;
    if (open != std::string_view::npos) {
        if (!entry.ends_with(')')) return false;
        times = parse_count(entry.substr(open + 2, entry.size() - open - 3));
    }
    if (!cpus || !times || all.size() + *times > most) return false;
    all.insert(all.end(), *times, *cpus);
    return true;
}

}  // namespace

Result<std::vector<RelayNode>> parse_job_nodes(
    std::string_view node_list, std::string_view cpus_per_node
) {
    const auto names = expand_host_list(node_list);
    if (!names) return tl::unexpected(names.error());
    std::vector<std::uint32_t> cpus;
    std::string_view rest = cpus_per_node;
    bool is_list = true;
    while (is_list && !rest.empty()) {
        const std::size_t comma = rest.find(',');
        is_list = add_entry(rest.substr(0, comma), names->size(), cpus);
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    if (!is_list || names->empty() || cpus.size() != names->size()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "the job's nodes \"{}\" and their CPUs \"{}\" do not fit each other",
                node_list,
                cpus_per_node
            )
        );
    }
    std::vector<RelayNode> nodes;
    for (std::size_t i = 0; i < names->size(); ++i)
        nodes.push_back({.name = (*names)[i], .cpus = cpus[i]});
    return nodes;
}

}  // namespace xorch
