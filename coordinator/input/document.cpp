#include "coordinator/input/document.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"

// toml++ asserts on some wrong input (`[=21`), which must be an error message and not an abort. Its
// error values are used instead of exceptions.
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

namespace xorch {

namespace {

SourcePlace place_of(const toml::source_region& region, std::uint32_t file) {
    return {
        file,
        static_cast<std::uint32_t>(region.begin.line),
        static_cast<std::uint32_t>(region.begin.column)};
}

bool is_before(const SourcePlace& left, const SourcePlace& right) {
    return left.line != right.line ? left.line < right.line : left.column < right.column;
}

// Skips comments and strings and counts the parts of dotted keys. toml++ limits how deep values
// nest, but not how long a dotted key is, and a key of a million parts overflows the stack.
class DottedKeys {
 public:
    explicit DottedKeys(std::string_view text) : text_(text) {}

    // The line of a key with too many parts, or 0.
    std::uint32_t find_too_deep() {
        std::size_t dots = 0;
        while (at_ < text_.size()) {
            const char byte = text_[at_];
            if (byte == '"' || byte == '\'') {
                skip_string(byte);
                continue;
            }
            if (byte == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (byte == '\n') ++line_;
            if (byte == '.') ++dots;
            if (byte == '\n' || byte == ',' || byte == '=' || byte == '[' || byte == ']') dots = 0;
            if (dots >= toml_depth_max) return line_;
            ++at_;
        }
        return 0;
    }

 private:
    void skip_string(char quote) {
        const std::string triple(3, quote);
        const bool multiline = text_.substr(at_, 3) == triple;
        at_ += multiline ? 3 : 1;
        while (at_ < text_.size()) {
            const char byte = text_[at_];
            if (byte == '\n') {
                if (!multiline) return;
                ++line_;
            }
            if (byte == '\\' && quote == '"') {
                at_ += 1;
                if (at_ < text_.size() && text_[at_] == '\n') ++line_;
                at_ += 1;
                continue;
            }
            if (byte == quote && (!multiline || text_.substr(at_, 3) == triple)) {
                at_ += multiline ? 3 : 1;
                return;
            }
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
};

class Converter {
 public:
    explicit Converter(std::uint32_t file) : file_(file) {}

    // Stops at the first thing that cannot be represented.
    bool convert(const toml::node& from, Node& to, std::size_t depth) {
        to.place = place_of(from.source(), file_);
        if (depth > toml_depth_max) {
            error_ = {to.place, fmt::format("nested deeper than {}", toml_depth_max)};
            return false;
        }
        if (const auto* table = from.as_table()) return convert_table(*table, to, depth);
        if (const auto* array = from.as_array()) {
            to.kind = NodeKind::array;
            to.items.resize(array->size());
            for (std::size_t i = 0; i < array->size(); ++i) {
                if (!convert(*array->get(i), to.items[i], depth + 1)) return false;
            }
            return true;
        }
        return convert_scalar(from, to);
    }

    const TomlError& error() const { return error_; }

 private:
    bool convert_table(const toml::table& from, Node& to, std::size_t depth) {
        to.kind = NodeKind::table;
        for (const auto& [key, node] : from) {
            Entry entry;
            entry.key = std::string(key.str());
            entry.place = place_of(key.source(), file_);
            if (!convert(node, entry.node, depth + 1)) return false;
            to.members.push_back(std::move(entry));
        }
        // toml++ sorts by key; the order of axes and parameters is the order of the file.
        std::stable_sort(to.members.begin(), to.members.end(), [](const Entry& a, const Entry& b) {
            return is_before(a.place, b.place);
        });
        return true;
    }

    bool convert_scalar(const toml::node& from, Node& to) {
        if (const auto* text = from.as_string()) {
            to.scalar = Value(text->get());
        } else if (const auto* integer = from.as_integer()) {
            to.scalar = Value(integer->get());
        } else if (const auto* number = from.as_floating_point()) {
            to.scalar = Value(number->get());
        } else if (const auto* flag = from.as_boolean()) {
            to.scalar = Value(flag->get());
        } else {
            error_ = {
                to.place, "dates and times of day are not used here; write a string in quotes"};
            return false;
        }
        return true;
    }

    std::uint32_t file_;
    TomlError error_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Entry& entry : members) {
        if (entry.key == key) return &entry.node;
    }
    return nullptr;
}

Node* Node::find(std::string_view key) {
    return const_cast<Node*>(std::as_const(*this).find(key));
}

std::string Node::describe() const {
    if (kind == NodeKind::array) return "an array";
    if (kind == NodeKind::table) return "a table";
    return fmt::format("the {} {}", type_name(scalar), format_json(scalar));
}

Parsed<Node> parse_toml(std::string_view text, std::uint32_t file) {
    if (const std::uint32_t line = DottedKeys(text).find_too_deep(); line != 0) {
        return tl::unexpected(TomlError{
            {file, line, 1},
            fmt::format("a key of more than {} parts", toml_depth_max)
        });
    }
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return tl::unexpected(TomlError{
            place_of(error.source(), file), std::string(error.description())});
    }
    Converter converter(file);
    Node root;
    if (!converter.convert(parsed.table(), root, 0)) return tl::unexpected(converter.error());
    return root;
}

std::string format_toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '"' || byte == '\\') {
            out.push_back('\\');
            out.push_back(byte);
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (code < 0x20 || code == 0x7F) {
            out += fmt::format("\\u{:04X}", code);
        } else {
            out.push_back(byte);
        }
    }
    return out + "\"";
}

}  // namespace xorch
