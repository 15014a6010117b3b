#pragma once

// What the reading verbs share: finding the sweep that was named and printing.

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/disk.h"
#include "core/error.h"
#include "tools/cli/verbs.h"

namespace xorch {

// Finds the sweep and reads its journal.
Result<SweepReader> open_named_sweep(Disk& disk, const Context& context, const std::string& sweep);

// Whoever reads a part should not take it for the whole: says on standard error what the stage
// lacks.
void warn_if_incomplete(const SweepReader& sweep, StageIndex stage);

void print_lines(const std::vector<std::string>& lines);

// Bytes as they are, to standard output.
Result<void> print_bytes(std::string_view bytes);

}  // namespace xorch
