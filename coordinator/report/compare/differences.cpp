#include "coordinator/report/compare/differences.h"

#include <algorithm>

#include "core/json.h"

namespace xorch {

namespace {

// Every value that a parameter takes on this side; many are counted.
std::string values_in_words(const ComparedSide& side, const std::string& name) {
    constexpr std::size_t told_max = 6;
    std::vector<std::string> values;
    for (const ComparedUnit& unit : side.units) {
        const Value* value = find_member(unit.params, name);
        const std::string text = value == nullptr ? "(none)" : format_plain(*value);
        if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
    }
    const bool has_any = values.size() > 1 || (!values.empty() && values.front() != "(none)");
    if (!has_any) return "";
    std::string words;
    for (std::size_t i = 0; i < std::min(values.size(), told_max); ++i)
        words += (i == 0 ? "" : ", ") + values[i];
    if (values.size() > told_max) {
        words += " and " + std::to_string(values.size() - told_max) + " more";
    }
    return words;
}

}  // namespace

std::vector<Difference> find_differences(const ComparedSide& a, const ComparedSide& b) {
    std::vector<std::string> names;
    for (const ComparedSide* side : {&a, &b}) {
        for (const ComparedUnit& unit : side->units) {
            for (const auto& [name, value] : unit.params) {
                if (std::find(names.begin(), names.end(), name) == names.end()) {
                    names.push_back(name);
                }
            }
        }
    }
    std::vector<Difference> differences;
    const auto add = [&](Difference difference) {
        if (difference.a != difference.b) differences.push_back(std::move(difference));
    };
    for (const std::string& name : names)
        add({name, values_in_words(a, name), values_in_words(b, name)});
    for (const auto& [name, value] : a.context) {
        const Value* other = find_member(b.context, name);
        add({name, format_plain(value), other == nullptr ? "" : format_plain(*other)});
    }
    return differences;
}

}  // namespace xorch
