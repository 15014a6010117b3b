#include "core/condition.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"

namespace xorch {

namespace {

bool equal_values(const Value& left, const Value& right) {
    const auto x = left.as_number();
    const auto y = right.as_number();
    // Two integers are compared as such: as doubles, 2^53 and 2^53 + 1 would be equal.
    const bool both_integers = left.get_if<std::int64_t>() && right.get_if<std::int64_t>();
    if (x && y && !both_integers) return *x == *y;
    return left == right;
}

}  // namespace

bool satisfies(const Condition& condition, const Value* value) {
    if (value == nullptr || value->is_null()) return false;
    const auto number = value->as_number();
    if (number && std::isnan(*number)) return false;
    if (condition.is && !equal_values(*condition.is, *value)) return false;
    if (condition.is_not && equal_values(*condition.is_not, *value)) return false;
    if (!condition.in.empty()) {
        const bool found =
            std::any_of(condition.in.begin(), condition.in.end(), [&](const Value& wanted) {
                return equal_values(wanted, *value);
            });
        if (!found) return false;
    }
    if (condition.at_least && !(number && *number >= *condition.at_least)) return false;
    return !condition.at_most || (number && *number <= *condition.at_most);
}

std::string format_condition(const Condition& condition) {
    const std::string& name = condition.param.empty() ? condition.metric : condition.param;
    std::string text;
    const auto add = [&](std::string_view words, const std::string& bound) {
        text += (text.empty() ? name : std::string(" and")) + std::string(words) + bound;
    };
    if (condition.is) add(" is ", format_json(*condition.is));
    if (condition.is_not) add(" is not ", format_json(*condition.is_not));
    if (!condition.in.empty()) add(" is one of ", format_json(Value(condition.in)));
    if (condition.at_least) add(" is at least ", format_double(*condition.at_least));
    if (condition.at_most) add(" is at most ", format_double(*condition.at_most));
    return text.empty() ? name + " exists" : text;
}

}  // namespace xorch
