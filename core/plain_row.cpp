#include "core/plain_row.h"

#include <charconv>

namespace xorch {

namespace {

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

// How many digits the text begins with.
std::size_t digits_of(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count]))
        ++count;
    return count;
}

// By the grammar of JSON, which from_chars() goes beyond, and of a usual length.
bool is_json_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t whole = digits_of(text);
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        const std::size_t fraction = digits_of(text.substr(1));
        if (fraction == 0) return false;
        text.remove_prefix(1 + fraction);
    }
    if (text.empty()) return true;
    if (text.front() != 'e' && text.front() != 'E') return false;
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    // No double needs more digits there, and readers differ about what to make of them.
    constexpr std::size_t exponent_digits = 3;
    return !text.empty() && text.size() <= exponent_digits && digits_of(text) == text.size();
}

template <class Number>
std::optional<Value> as(std::string_view text) {
    Number number{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
    return is_whole ? std::optional<Value>(number) : std::nullopt;
}

std::optional<Value> read_number(std::string_view text) {
    if (!is_json_number(text) || text == "-0") return std::nullopt;
    const bool is_integer = text.find_first_of(".eE") == std::string_view::npos;
    return is_integer ? as<std::int64_t>(text) : as<double>(text);
}

// Room for a usual row, so that it does not move while it grows.
constexpr std::size_t usual_columns = 8;

class PlainReader {
 public:
    explicit PlainReader(std::string_view text) : rest_(text) {}

    std::optional<Object> read() {
        if (!take("{")) return std::nullopt;
        Object row;
        row.reserve(usual_columns);
        if (!take("}")) {
            do {
                auto key = read_text();
                if (!key || !take(":") || find_member(row, *key) != nullptr) return std::nullopt;
                auto value = read_value();
                if (!value) return std::nullopt;
                row.emplace_back(std::string(*key), *std::move(value));
            } while (take(","));
            if (!take("}")) return std::nullopt;
        }
        return rest_.empty() ? std::optional<Object>(std::move(row)) : std::nullopt;
    }

 private:
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    std::optional<std::string_view> read_text() {
        if (!take("\"")) return std::nullopt;
        std::size_t end = 0;
        while (end < rest_.size() && rest_[end] != '"') {
            const bool is_plain = rest_[end] >= 0x20 && rest_[end] < 0x7F && rest_[end] != '\\';
            if (!is_plain) return std::nullopt;
            ++end;
        }
        if (end == rest_.size()) return std::nullopt;
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return text;
    }

    std::optional<Value> read_value() {
        if (rest_.starts_with('"')) {
            const auto text = read_text();
            return text ? std::optional<Value>(*text) : std::nullopt;
        }
        if (take("null")) return Value();
        if (take("true")) return Value(true);
        if (take("false")) return Value(false);
        std::size_t end = 0;
        while (end < rest_.size() && rest_[end] != ',' && rest_[end] != '}')
            ++end;
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return read_number(text);
    }

    std::string_view rest_;
};

}  // namespace

std::optional<Object> read_plain_row(std::string_view line) {
    return PlainReader(line).read();
}

}  // namespace xorch
