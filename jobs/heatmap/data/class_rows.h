#pragma once

// A table of one row of numbers per class, as CSV: `class,0.12,-0.03,...`. Text features of a model
// that runs elsewhere come in it (text_features.csv), and the tokens that a text module is asked
// with. A first row whose numbers are names is a heading. Pure.

#include <map>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jobs/heatmap/data/class_names.h"

namespace xorch::heatmap {

using ClassRows = std::map<ClassNumber, std::vector<double>>;

// Rows are equally long and finite, no class comes twice, and at least one does. Messages name the
// line.
Result<ClassRows> parse_class_rows(std::string_view text);

// The same of a file; errors name it.
Result<ClassRows> read_class_rows(const std::string& path);

}  // namespace xorch::heatmap
