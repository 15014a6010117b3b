#pragma once

// What the path of a result file says about the unit it is of:
// "k_{k}/{class}_seed{seed}_{mode}.json". A name in braces stands for at least one character other
// than "/", as few as will do; "*" for any number of them, "**" for any path. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

class PathPattern {
 public:
    static Result<PathPattern> parse(std::string_view text);

    // The text of each name, or nothing if the path does not match. A name that occurs twice stands
    // for the same text.
    std::optional<std::map<std::string, std::string>> match(std::string_view path) const;

    const std::vector<std::string>& names() const { return names_; }

 private:
    enum class Kind { literal, name, within_folder, any_path };

    struct Piece {
        Kind kind = Kind::literal;
        std::string text;
    };

    using Values = std::map<std::string, std::string>;
    bool match_from(std::size_t piece, std::string_view path, Values& values) const;
    bool match_name(std::size_t piece, std::string_view path, Values& values) const;

    std::vector<Piece> pieces_;
    std::vector<std::string> names_;
};

}  // namespace xorch
