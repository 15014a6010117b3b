#pragma once

// A selection asked again, at any time, from what the journal holds; and how well it predicted what
// it promoted.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/decide/select/selection.h"
#include "coordinator/report/sweep_reader.h"

namespace xorch {

// All units of the selection's stage with what it reads of them. `select` need not be one of the
// sweep's own.
Result<std::vector<Candidate>> read_candidates(const SweepReader& sweep, const Select& select);

// How the order of the promoted units in one stage agrees with theirs in the next.
struct Agreement {
    std::string stage;  // that promotes the selection
    std::string metric;
    std::size_t promoted = 0;          // units with a number in both stages
    std::optional<double> tau;         // Kendall's tau-b; nothing for fewer than two
    std::vector<std::size_t> overlap;  // of the best k in both orders, for k = 1, 2, ...
};

// For each stage that promotes the sweep's selection (its position) and each key of its order: the
// mean over the promoted choice against the mean over the units that it became.
Result<std::vector<Agreement>> audit_selection(const SweepReader& sweep, std::uint32_t select);

std::vector<std::string> agreement_lines(const std::vector<Agreement>& agreements);
Array agreement_json(const std::vector<Agreement>& agreements);

}  // namespace xorch
