#include "coordinator/report/unit_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "coordinator/report/tables/row_filter.h"

namespace xorch {

namespace {

using Test = std::function<bool(UnitKey)>;

// Fewer digits are more likely a mistyped position than an id.
constexpr std::size_t id_digits_min = 4;

std::optional<UnitKey> parse_place(const Plan& plan, std::string_view word) {
    const std::size_t slash = word.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto stage = find_stage(plan.sweep(), word.substr(0, slash));
    const std::string_view digits = word.substr(slash + 1);
    std::uint32_t index = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    const bool whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
    if (!stage || !whole || index >= plan.unit_count(StageIndex{*stage})) return std::nullopt;
    return UnitKey{StageIndex{*stage}, index};
}

bool is_id_prefix(std::string_view word) {
    return word.size() >= id_digits_min && word.size() <= 32 &&
           word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Test> make_test(const Plan& plan, const std::string& word) {
    if (const auto place = parse_place(plan, word)) {
        return Test([place](UnitKey unit) { return unit == *place; });
    }
    if (is_id_prefix(word)) {
        return Test([&plan, word](UnitKey unit) {
            return format_unit_id(plan.id(unit)).substr(0, word.size()) == word;
        });
    }
    auto filter = parse_row_filter(word);
    if (filter) {
        return Test([&plan, filter = *std::move(filter)](UnitKey unit) {
            const Object parameters = plan.parameters(unit);
            const Value* value = find_member(parameters, filter.column);
            return value != nullptr && holds(filter, *value);
        });
    }
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "no unit is called {}: write stage/position, at least {} digits of an id, or "
            "name=value",
            word,
            id_digits_min
        )
    );
}

}  // namespace

Result<std::vector<UnitKey>> find_units(const Plan& plan, const std::vector<std::string>& words) {
    std::vector<Test> tests;
    for (const std::string& word : words) {
        auto test = make_test(plan, word);
        if (!test) return tl::unexpected(test.error());
        tests.push_back(*std::move(test));
    }
    std::vector<UnitKey> found;
    for (std::uint32_t stage = 0; stage < plan.stage_count(); ++stage) {
        const std::uint32_t units = plan.unit_count(StageIndex{stage});
        for (std::uint32_t i = 0; i < units; ++i) {
            const UnitKey unit{StageIndex{stage}, i};
            const auto passes = [&](const Test& test) { return test(unit); };
            if (std::all_of(tests.begin(), tests.end(), passes)) found.push_back(unit);
        }
    }
    if (found.empty()) {
        return fail(
            ErrorCode::not_found,
            fmt::format("no unit matches {}; `xorch records` lists them", fmt::join(words, " "))
        );
    }
    return found;
}

}  // namespace xorch
