#pragma once

// The table beside the raw VisA images: which belong to whom, and where their masks are. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::anomaly {

inline constexpr const char* split_table_name = "split_csv/1cls.csv";

struct SplitRow {
    std::string object;
    bool train = false;
    bool abnormal = false;
    std::string image;  // relative to the folder of all classes
    std::string mask;   // likewise; only of abnormal ones
};

// Columns by their names, in any order. Messages name the line; what would lead out of the folder
// is refused, and so are abnormal images without a mask and those to train on.
Result<std::vector<SplitRow>> parse_split_table(std::string_view text);

}  // namespace xorch::anomaly
