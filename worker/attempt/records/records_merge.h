#pragma once

// The rows of a resumed attempt: those its checkpoint held, and its own, none lost and none twice.
// Nobody says when a script that knows nothing of xorch wrote a row, so a checkpoint keeps apart
// what surely precedes it and what may have come after it and is then repeated by who resumes.
// Two rows are the same if their integers are (an epoch, a step), or, where there are none, all
// their cells.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

struct EarlierRows {
    std::vector<Object> certain;    // precede the checkpoint
    std::vector<Object> uncertain;  // came before or after it
};

// The text of checkpoint_rows_name: JSON lines, an empty line before the uncertain ones.
Result<EarlierRows> parse_earlier_rows(std::string_view text);
std::string format_earlier_rows(const EarlierRows& rows);

// $XORCH_RECORDS of a resumed attempt begins with the certain rows: takes them off `rows` again. A
// script that wrote the file anew is taken at its word, and nothing of `earlier` is left.
void take_off_earlier(EarlierRows& earlier, std::vector<Object>& rows);

// All rows of an attempt that has ended, `rows` being its own. A script that writes its whole
// history again (its rows begin with all the earlier ones) is taken at its word.
std::vector<Object> merge_rows(EarlierRows earlier, std::vector<Object> rows);

// The rows of a checkpoint that an attempt publishes: `rows` are its own so far, of which the first
// `certain` precede the checkpoint.
EarlierRows extend_rows(EarlierRows earlier, std::vector<Object> rows, std::size_t certain);

}  // namespace xorch
