#pragma once

// What went wrong, told once: a hundred units that fail in the same way are one problem, and its
// last lines of output usually name it. Pure functions.

#include <string>
#include <vector>

#include "coordinator/report/status.h"
#include "core/facts.h"

namespace xorch {

// A failed unit with what its UnitFailed fact says.
struct Failure {
    FailedUnit unit;
    AttemptEnd end;
};

struct FailureGroup {
    Cause cause = Cause::none;
    std::string message;  // of one of them
    std::string tail;     // its last lines of output
    std::vector<UnitName> units;
};

// Failures are equal if they share stage, cause, exit code or signal, and the last line of output.
// The largest group comes first.
std::vector<FailureGroup> group_failures(const std::vector<Failure>& failures);

// "exit code 3", "signal 11", or the message if there is one.
std::string describe_end(const AttemptEnd& end);

// The last `lines` lines of a text, without empty ones at its end.
std::vector<std::string> tail_lines(const std::string& text, std::size_t lines);

}  // namespace xorch
