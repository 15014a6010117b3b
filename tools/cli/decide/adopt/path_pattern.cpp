#include "tools/cli/decide/adopt/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace xorch {

Result<PathPattern> PathPattern::parse(std::string_view text) {
    PathPattern pattern;
    while (!text.empty()) {
        const std::size_t special = std::min(text.find_first_of("{*"), text.size());
        if (special > 0) {
            pattern.pieces_.push_back({Kind::literal, std::string(text.substr(0, special))});
            text.remove_prefix(special);
            continue;
        }
        if (text.starts_with("*")) {
            const bool any_path = text.starts_with("**");
            pattern.pieces_.push_back({any_path ? Kind::any_path : Kind::within_folder, ""});
            text.remove_prefix(any_path ? 2 : 1);
            continue;
        }
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos || end == 1) {
            return fail(
                ErrorCode::usage, fmt::format("the pattern has a brace without a name: {}", text)
            );
        }
        const std::string name(text.substr(1, end - 1));
        pattern.pieces_.push_back({Kind::name, name});
        const bool is_new =
            std::find(pattern.names_.begin(), pattern.names_.end(), name) == pattern.names_.end();
        if (is_new) pattern.names_.push_back(name);
        text.remove_prefix(end + 1);
    }
    return pattern;
}

std::optional<std::map<std::string, std::string>> PathPattern::match(std::string_view path) const {
    Values values;
    if (!match_from(0, path, values)) return std::nullopt;
    return values;
}

bool PathPattern::match_from(std::size_t piece, std::string_view path, Values& values) const {
    if (piece == pieces_.size()) return path.empty();
    const Piece& now = pieces_[piece];
    switch (now.kind) {
        case Kind::literal:
            return path.starts_with(now.text) &&
                   match_from(piece + 1, path.substr(now.text.size()), values);
        case Kind::name:
            return match_name(piece, path, values);
        case Kind::within_folder:
        case Kind::any_path:
            break;
    }
    for (std::size_t taken = 0; taken <= path.size(); ++taken) {
        if (match_from(piece + 1, path.substr(taken), values)) return true;
        const bool blocked = taken < path.size() && path[taken] == '/';
        if (blocked && now.kind == Kind::within_folder) return false;
    }
    return false;
}

bool PathPattern::match_name(std::size_t piece, std::string_view path, Values& values) const {
    const std::string& name = pieces_[piece].text;
    if (const auto known = values.find(name); known != values.end()) {
        const std::string text = known->second;
        return path.starts_with(text) && match_from(piece + 1, path.substr(text.size()), values);
    }
    for (std::size_t taken = 1; taken <= path.size() && path[taken - 1] != '/'; ++taken) {
        values[name] = std::string(path.substr(0, taken));
        if (match_from(piece + 1, path.substr(taken), values)) return true;
        values.erase(name);
    }
    return false;
}

}  // namespace xorch
