#pragma once

// Named checks of results: the traps that experiments of this kind have fallen into, each under one
// word. A job or a stage declares those that concern it; `xorch audit` says which of them do not
// hold. Some a job can only see while it runs and names in its column `checks`; the others are
// statements about columns of finished units. docs/audit.md lists them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace xorch {

enum class CheckKind {
    reported,     // the job looks itself, and names what it found in its column `checks`
    equal,        // units that differ only in `axis` must not have equal values of `column`
    range,        // `column` must lie within the bounds; NaN lies nowhere
    present,      // `column` must not be missing
    group_empty,  // every value of `axis` (or of each axis) must have a finished unit
};

// The column in which a job names the reported checks that do not hold, with blanks or commas
// between them; empty = all of them hold, missing = nobody looked.
inline constexpr std::string_view checks_column = "checks";

// As declared. What is empty is the rule's own.
struct Check {
    std::string name;
    std::string axis = {};
    std::string column = {};
    std::optional<double> at_least = {};
    std::optional<double> at_most = {};

    friend bool operator==(const Check&, const Check&) = default;
};

struct CheckRule {
    std::string_view name;
    CheckKind kind = CheckKind::reported;
    std::string_view axis = {};    // what it usually is called
    std::string_view column = {};  // likewise
    std::optional<double> at_least = {};
    std::optional<double> at_most = {};
    std::string_view doc = {};  // what does not hold, as a sentence
    bool only_told = false;     // worth knowing, and no reason to distrust the result
};

std::span<const CheckRule> check_rules();

// Null for a name of the user's own.
const CheckRule* find_check_rule(std::string_view name);

// The check with everything filled in that its rule says.
Check complete_check(const Check& check);

// Of a completed check. Bounds make it a range and the column `checks` a reported one, whatever the
// rule; a name without a rule is what its columns make it.
CheckKind kind_of(const Check& check);

// Why the check says nothing, for people; empty if it does say something.
std::string why_unusable(const Check& check);

// The names in a cell of the column `checks`.
std::vector<std::string> parse_reported_checks(std::string_view cell);

// The cell for these names.
Value reported_checks_cell(const std::vector<std::string_view>& names);

}  // namespace xorch
