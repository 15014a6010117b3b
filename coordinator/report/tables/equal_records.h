#pragma once

// "Equal records" (design: section 9): all columns but provenance, byte for byte.

#include <optional>
#include <string>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"

namespace xorch {

// Nothing if every stage of both sweeps has equal records; otherwise where they first differ, for
// people. Keeps the text of the left sweep's records, one stage at a time, in memory.
Result<std::optional<std::string>> first_difference(
    const SweepReader& left, const SweepReader& right
);

}  // namespace xorch
