#pragma once

// Which image belongs to which split, as annotators keep it: a YAML file of lists.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

// {split, names}, in the file's order.
using Splits = std::vector<std::pair<std::string, std::vector<std::string>>>;

// The subset of YAML that such files use: `split:` at the left, then `- name` lines, or `split:
// [name, name]`; comments and quotes. The error names the line.
Result<Splits> parse_splits(std::string_view text);

}  // namespace xorch::cellseg
