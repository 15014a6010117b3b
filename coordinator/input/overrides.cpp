// `--set key=value`: it changes the tree before it is read, so that everything is checked in one
// way.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/reading.h"
#include "core/json.h"

namespace xorch {

namespace {

void move_to(Node& node, SourcePlace place) {
    node.place = place;
    for (Node& item : node.items)
        move_to(item, place);
    for (Entry& entry : node.members) {
        entry.place = place;
        move_to(entry.node, place);
    }
}

// What stands after the `=`: TOML where it is TOML, else the text itself, so that --set
// local.time=60s needs no second pair of quotes.
std::optional<Node> parse_override_value(const std::string& text, std::uint32_t file) {
    auto parsed = parse_toml("value = " + text + "\n", file);
    if (parsed && parsed->members.size() == 1) return std::move(parsed->members.front().node);
    parsed = parse_toml("value = " + format_toml_string(text), file);
    if (!parsed) return std::nullopt;  // not UTF-8
    return std::move(parsed->members.front().node);
}

std::vector<std::string> split_key(std::string_view key) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (const char byte : key) {
        if (byte == '"') {
            quoted = !quoted;
        } else if (byte == '.' && !quoted) {
            parts.emplace_back();
        } else {
            parts.back().push_back(byte);
        }
    }
    return parts;
}

std::string join_parts(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
    return fmt::format(
        "{}",
        fmt::join(
            parts.begin() + static_cast<std::ptrdiff_t>(begin),
            parts.begin() + static_cast<std::ptrdiff_t>(end),
            "."
        )
    );
}

// Names may contain dots, so the longest name that exists goes first.
Entry* find_longest(Node& table, const std::vector<std::string>& parts, std::size_t& at) {
    for (std::size_t end = parts.size(); end > at; --end) {
        const std::string name = join_parts(parts, at, end);
        for (Entry& entry : table.members) {
            if (entry.key != name) continue;
            at = end;
            return &entry;
        }
    }
    return nullptr;
}

// The [[stage]] or [[select]] that `parts` name next.
Node* find_named(Node& list, const std::vector<std::string>& parts, std::size_t& at) {
    for (std::size_t end = parts.size(); end > at; --end) {
        const std::string name = join_parts(parts, at, end);
        for (Node& item : list.items) {
            const Node* node = item.find("name");
            const auto* text = node == nullptr ? nullptr : node->scalar.get_if<std::string>();
            if (text == nullptr || *text != name) continue;
            at = end;
            return &item;
        }
    }
    return nullptr;
}

std::vector<std::string> names_in(const Node& list) {
    std::vector<std::string> names;
    for (const Node& item : list.items) {
        const Node* name = item.find("name");
        const auto* text = name == nullptr ? nullptr : name->scalar.get_if<std::string>();
        if (text != nullptr) names.push_back(*text);
    }
    return names;
}

Node table_at(SourcePlace place) {
    Node node;
    node.kind = NodeKind::table;
    node.place = place;
    return node;
}

// Puts the value at the end of the path, making tables on the way.
void put(Node& from, const std::vector<std::string>& parts, std::size_t at, Node value) {
    Node* table = &from;
    while (at < parts.size()) {
        if (table->kind != NodeKind::table) *table = table_at(value.place);
        Entry* entry = find_longest(*table, parts, at);
        if (entry == nullptr) {
            table->members.push_back({parts[at], value.place, table_at(value.place)});
            entry = &table->members.back();
            ++at;
        }
        table = &entry->node;
    }
    *table = std::move(value);
}

}  // namespace

void apply_override(ReadingContext& context, Node& root, const std::string& text) {
    const std::uint32_t file = context.complaints.add_file("--set " + text.substr(0, 200));
    context.directories.push_back(context.options.directory);
    const SourcePlace place{file, 0, 0};
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        context.complaints.add(place, "write --set key=value, for example --set local.time=60s");
        return;
    }
    auto value = parse_override_value(text.substr(equals + 1), file);
    if (!value) {
        context.complaints.add(place, "the value is not UTF-8");
        return;
    }
    move_to(*value, place);
    const std::vector<std::string> parts = split_key(std::string_view(text).substr(0, equals));
    const bool named = parts.front() == "stage" || parts.front() == "select";
    if (!named) return put(root, parts, 0, std::move(*value));
    Node* list = root.find(parts.front());
    std::size_t at = 1;
    Node* item = list == nullptr ? nullptr : find_named(*list, parts, at);
    if (item == nullptr || at == parts.size()) {
        const std::string wanted = parts.size() > 1 ? parts[1] : "";
        context.complaints.add(
            place,
            fmt::format(
                "write --set {}.NAME.key=value with the name of a {}{}",
                parts.front(),
                parts.front(),
                list == nullptr ? "" : suggest(wanted, names_in(*list))
            )
        );
        return;
    }
    put(*item, parts, at, std::move(*value));
}

}  // namespace xorch
