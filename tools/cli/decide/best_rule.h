#pragma once

// The rule that `xorch best` chooses by: a [[select]] of the sweep, or one made on the command
// line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

struct RuleOptions {
    std::string select;             // which [[select]]; empty = the only one
    std::vector<std::string> by{};  // instead of one: "METRIC:min", "METRIC:max:TOLERANCE"
    std::string stage;              // for `by`; empty = the summary's
    std::vector<std::string> repeats{};
    std::uint32_t take = 1;
};

struct AskedRule {
    Select select;
    std::optional<std::uint32_t> number{};  // of a selection in the sweep file
};

// usage for what is not there, with what there is.
Result<AskedRule> find_rule(const SweepReader& sweep, const RuleOptions& options);

}  // namespace xorch
