#include "core/filling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "core/record.h"

namespace xorch {

namespace {

bool says_something(const Value& cell) {
    const auto* number = cell.get_if<double>();
    return !cell.is_null() && (number == nullptr || !std::isnan(*number));
}

// 1 and 1.0 are the same number, whoever wrote them, and so are two floats within the tolerance.
// Two integers count or name something: those are equal or not.
bool agree(const Value& left, const Value& right) {
    const auto number = left.as_number();
    const auto other = right.as_number();
    const bool are_integers =
        left.get_if<std::int64_t>() != nullptr && right.get_if<std::int64_t>() != nullptr;
    if (!number || !other || are_integers) return left == right;
    if (std::isinf(*number) || std::isinf(*other)) return *number == *other;
    const double scale = std::max({1.0, std::abs(*number), std::abs(*other)});
    return std::abs(*number - *other) <= agreement_tolerance * scale;
}

// Fills `row` in place; the first cell that does not agree, or nothing.
std::string fill_row(Object& row, const Object& fresh, const std::vector<std::string>& varies) {
    for (const auto& [name, value] : fresh) {
        const Value* standing = find_member(row, name);
        if (standing == nullptr || !says_something(*standing)) {
            set_member(row, name, value);
            continue;
        }
        const bool may_vary = std::find(varies.begin(), varies.end(), name) != varies.end();
        if (may_vary || agree(*standing, value)) continue;
        return fmt::format(
            "{} was {} and is now {}", name, format_plain(*standing), format_plain(value)
        );
    }
    return "";
}

}  // namespace

FilledRows fill_rows(
    std::string_view standing, std::string_view fresh, const std::vector<std::string>& varies
) {
    FilledRows filled{.rows = std::string(standing), .disagreement = ""};
    auto rows = parse_rows(standing);
    const auto more = parse_rows(fresh);
    if (!rows || !more) {
        filled.disagreement = "its records cannot be read";
        return filled;
    }
    if (more->size() < rows->size()) {
        filled.disagreement =
            fmt::format("there were {} rows and are now {}", rows->size(), more->size());
        return filled;
    }
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const std::string difference = fill_row((*rows)[i], (*more)[i], varies);
        if (difference.empty()) continue;
        filled.disagreement = fmt::format("row {}: {}", i + 1, difference);
        return filled;
    }
    const bool is_same = std::equal(rows->begin(), rows->end(), more->begin(), more->end());
    rows->insert(
        rows->end(), more->begin() + static_cast<std::ptrdiff_t>(rows->size()), more->end()
    );
    filled.rows = is_same ? std::string(fresh) : format_rows(*rows);
    return filled;
}

}  // namespace xorch
