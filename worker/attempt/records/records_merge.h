#pragma once

// The rows of a resumed attempt: those its checkpoint held, and its own, none lost and none twice.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

// `earlier` is the text of checkpoint_rows_name: rows that surely precede the checkpoint, and after
// an empty line rows that may have come after it. A script repeats the latter when it resumes
// behind them, so as many of them go as the new rows begin with. A script that writes its whole
// history again (its rows begin with all the earlier ones) is taken at its word. Two rows are the
// same if their integers are (an epoch, a step), or, where there are none, all their cells.
Result<std::vector<Object>> merge_rows(std::string_view earlier, std::vector<Object> rows);

}  // namespace xorch
