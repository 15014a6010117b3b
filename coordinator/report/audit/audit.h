#pragma once

// What is missing or wrong in the results of a sweep, unit by unit, and why. Expected is what the
// plan says; present is what the journal holds. Pure but for reading the journal; whether code and
// data are still those of the records is another question (sources.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"
#include "core/value.h"

namespace xorch {

enum class FlawKind {
    missing,         // no result
    torn,            // a result that was cut off or malformed, and therefore refused
    column_missing,  // a result without a column that is expected
    not_a_number,    // NaN in a column that is not optional
    infinite,        // likewise
    duplicate,       // two results that differ were found for one unit
    disagrees,       // it was run again and reported something else
    stale,           // made of code, data or a configuration that has changed since
    check,           // a check does not hold
    unchecked,       // a check was declared, and nobody looked
    told,            // a check that is only worth knowing
    hopeless,        // no result, because a [[stop]] rule gave the unit up
};

std::string_view flaw_name(FlawKind kind);

// Whether the audit does not hold with it. Nothing is to be done about the others.
bool wants_mending(FlawKind kind);

// Whether the unit must run (again) for it to go away, without anything else being changed.
bool is_filled_by_running(FlawKind kind);

struct Flaw {
    FlawKind kind = FlawKind::missing;
    UnitKey unit;
    std::string cause;   // one of few: "out of memory", "never started", the name of a check
    std::string detail;  // of this unit; may be empty
};

// How much of one value of one axis is there.
struct AxisCount {
    Value value;  // null = the axis does not exist at these points
    std::uint32_t expected = 0;
    std::uint32_t done = 0;
    std::uint32_t sound = 0;  // done, and nothing is wrong with it
};

struct AxisAudit {
    std::string axis;
    std::vector<AxisCount> counts;  // in the order of the plan
};

struct StageAudit {
    StageIndex stage;
    std::string name;
    bool is_expanded = true;  // false: a selection has not decided yet which units there are
    std::uint32_t expected = 0;
    std::uint32_t done = 0;
    std::uint32_t sound = 0;
    std::uint32_t hopeless = 0;
    std::vector<std::string> columns;  // that are expected
    std::vector<AxisAudit> axes;
    std::vector<Flaw> flaws;  // in plan order, per unit

    // Nothing is missing and nothing is wrong. What is hopeless is not missing: nobody wants it.
    bool holds() const;
};

// Expected are the columns of `records.required` and those that more than half of the done units
// have, without `records.optional`.
Result<StageAudit> audit_stage(const SweepReader& sweep, StageIndex stage);

Result<std::vector<StageAudit>> audit_sweep(const SweepReader& sweep);

// After flaws were added: puts them in order and counts anew what is sound.
void settle_audit(const SweepReader& sweep, StageAudit& audit);

}  // namespace xorch
