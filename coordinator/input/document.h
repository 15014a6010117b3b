#pragma once

// A TOML document as a tree that remembers where everything stands and in which order it was
// written. document.cpp is the only file that includes toml++.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

// Where something is written. `file` is a position in Complaints' list of files; line 0 = the whole
// file, or an override, which has no lines.
struct SourcePlace {
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

enum class NodeKind { scalar, array, table };

struct Entry;

struct Node {
    NodeKind kind = NodeKind::scalar;
    SourcePlace place;
    Value scalar;                // boolean, integer, float or string
    std::vector<Node> items;     // of an array
    std::vector<Entry> members;  // of a table, in the order written

    // nullptr if this is no table or has no such member.
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);

    // "the integer 3", "an array", "a table": for messages.
    std::string describe() const;
};

struct Entry {
    std::string key;
    SourcePlace place;
    Node node;
};

struct TomlError {
    SourcePlace place;
    std::string message;
};

template <class T>
class [[nodiscard]] Parsed : public tl::expected<T, TomlError> {
 public:
    using tl::expected<T, TomlError>::expected;
};

inline constexpr std::size_t toml_depth_max = 32;

// Refuses what is no TOML or no UTF-8, dates (xorch has no use for them), and nesting deeper than
// toml_depth_max, dotted keys included. Never aborts, whatever the bytes are.
Parsed<Node> parse_toml(std::string_view text, std::uint32_t file);

// Spells a string as TOML, quoted and escaped.
std::string format_toml_string(std::string_view text);

}  // namespace xorch
