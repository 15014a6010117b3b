#pragma once

// What the journal says about the end of each unit of a stage, in plan order. Results are written
// in the order in which units ended; to read a million of them in plan order without holding them
// all, the stage is cut into runs of units and the journal is read once per run, from the first
// fact of the run to its last. Units end roughly in plan order, so all runs together read it about
// once.

#include <cstdint>
#include <functional>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/facts.h"

namespace xorch {

struct UnitResult {
    bool known = false;          // the journal holds a fact about its end
    std::string adopted_from{};  // of a UnitAdopted fact
    AttemptEnd end{};            // without `tail`
};

class UnitResults {
 public:
    // `sweep` must outlive it. `run_units` is the number of units per run; tests make it small.
    UnitResults(const SweepReader& sweep, StageIndex stage, std::uint32_t run_units = 1U << 17U);

    using Visitor = std::function<Result<void>(UnitKey unit, const UnitResult& result)>;

    // All units of the stage, also those without a result.
    Result<void> visit(const Visitor& visitor);

 private:
    Result<void> load(std::uint32_t first);

    const SweepReader& sweep_;
    StageIndex stage_;
    std::uint32_t run_units_;
    std::uint32_t loaded_first_ = 0;   // the run in `results_`, kept because a table is read twice
    std::vector<UnitResult> results_;  // empty = nothing is loaded
};

}  // namespace xorch
