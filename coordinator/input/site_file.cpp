// Site files: what `include` and $XORCH_SITE name. Their tables join the tree before it is read, so
// that everything is checked in one way.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "coordinator/input/reading.h"

namespace xorch {

namespace {

constexpr std::size_t site_bytes_max = 4U << 20U;

void merge(Node& into, Node from) {
    for (Entry& entry : from.members) {
        Node* own = into.find(entry.key);
        if (own == nullptr) {
            into.members.push_back(std::move(entry));
        } else if (own->kind == NodeKind::table && entry.node.kind == NodeKind::table) {
            merge(*own, std::move(entry.node));
        }
    }
}

// `named` is where the file is named, for complaints.
void read_site_file(
    ReadingContext& context, Node& root, const std::string& path, SourcePlace named
) {
    std::error_code ignored;
    if (std::filesystem::file_size(path, ignored) > site_bytes_max) {
        context.complaints.add(named, fmt::format("{} is larger than 4 MiB", path));
        return;
    }
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
        context.complaints.add(named, fmt::format("cannot read {}", path));
        return;
    }
    const std::uint32_t file = context.complaints.add_file(path);
    context.directories.push_back(std::filesystem::path(path).parent_path().string());
    auto site = parse_toml(text, file);
    if (!site) {
        context.complaints.add(site.error().place, site.error().message);
        return;
    }
    const std::vector<std::string> allowed{
        "env", "local", "slurm", "notify", "net", "tuning", "enforce"};
    for (const Entry& entry : site->members) {
        if (std::find(allowed.begin(), allowed.end(), entry.key) != allowed.end()) continue;
        context.complaints.add_unknown(
            entry.place, {"a site file cannot have", entry.key, ""}, allowed
        );
    }
    // Caps are kept apart: they are compared with what the sweep asks for, not merged into it.
    if (const Node* caps = site->find("enforce")) context.enforced.push_back(*caps);
    std::erase_if(site->members, [](const Entry& entry) { return entry.key == "enforce"; });
    merge(root, std::move(*site));
}

}  // namespace

void apply_include(ReadingContext& context, Node& root) {
    const Node* include = root.find("include");
    if (include == nullptr) return;
    // A copy, because merging moves the members of `root`.
    const std::vector<Node> names =
        include->kind == NodeKind::array ? include->items : std::vector<Node>{*include};
    for (const Node& name : names) {
        const std::string path = resolve_path(context, name, "include");
        std::error_code ignored;
        if (path.empty() || !std::filesystem::exists(path, ignored)) continue;
        read_site_file(context, root, path, name.place);
    }
}

void apply_site(ReadingContext& context, Node& root) {
    const auto& environment = context.options.environment;
    const auto name = environment ? environment("XORCH_SITE") : std::nullopt;
    if (!name || name->empty()) return;
    const std::string path = std::filesystem::absolute(*name).lexically_normal().string();
    const SourcePlace place{context.complaints.add_file("$XORCH_SITE"), 0, 0};
    context.directories.push_back(context.options.directory);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        // Going on without a site's caps would be what they are there to prevent.
        context.complaints.add(
            place, fmt::format("{} is no file; name a site file, or unset XORCH_SITE", path)
        );
        return;
    }
    read_site_file(context, root, path, place);
}

}  // namespace xorch
