#include <fmt/format.h>

#include <filesystem>

#include "coordinator/input/reading.h"
#include "core/json.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

bool is_variable_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

// `$NAME/rest` or `${NAME}/rest` with the variable's value.
std::optional<std::string> expand_variable(
    ReadingContext& context, const Node& node, const std::string& text
) {
    const bool braces = text.size() > 1 && text[1] == '{';
    const std::size_t begin = braces ? 2 : 1;
    std::size_t end = begin;
    while (end < text.size() && is_variable_letter(text[end]))
        ++end;
    const std::string name = text.substr(begin, end - begin);
    if (name.empty() || (braces && (end == text.size() || text[end] != '}'))) {
        context.complaints.add(
            node.place,
            fmt::format("{} starts with $ but names no variable", format_json(Value(text)))
        );
        return std::nullopt;
    }
    const std::string rest = text.substr(end + (braces ? 1 : 0));
    const auto& environment = context.options.environment;
    const auto value = environment ? environment(name) : std::nullopt;
    if (value && !value->empty()) return *value + rest;
    if (context.options.missing_paths_allowed) return "/" + name + rest;
    context.complaints.add(
        node.place,
        fmt::format(
            "{}: the environment variable {} is not set; set it (export {}=DIR) or write the path",
            format_json(Value(text)),
            name,
            name
        )
    );
    return std::nullopt;
}

}  // namespace

std::string resolve_path(ReadingContext& context, const Node& node, std::string_view what) {
    const auto* text = node.scalar.get_if<std::string>();
    if (node.kind != NodeKind::scalar || text == nullptr || text->empty()) {
        context.complaints.add(
            node.place, fmt::format("{} must be a path in quotes, not {}", what, node.describe())
        );
        return "";
    }
    if (text->find('\0') != std::string::npos) {
        context.complaints.add(node.place, fmt::format("{} must not contain a zero byte", what));
        return "";
    }
    if (context.frozen) return *text;
    std::string expanded = *text;
    if (expanded.front() == '$') {
        const auto value = expand_variable(context, node, expanded);
        if (!value) return "";
        expanded = *value;
    }
    fs::path path = fs::path(context.directories[node.place.file]) / expanded;
    path = path.lexically_normal();
    if (!path.has_filename() && path.has_parent_path()) path = path.parent_path();
    std::error_code error;
    if (!context.options.missing_paths_allowed && !fs::exists(path, error)) {
        context.complaints.add(
            node.place,
            fmt::format("{}: {} does not exist", what, format_json(Value(path.string())))
        );
    }
    return path.string();
}

}  // namespace xorch
