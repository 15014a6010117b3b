#pragma once

// Lists of nodes as Slurm writes them: "n[1-3,07-09],m1-a[2]". Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

// As many nodes as the largest clusters have; more comes from a broken list.
inline constexpr std::size_t hosts_max = 65'536;

// The names in the order of the list, numbers as wide as written ("07"). An empty list, "(null)",
// "n/a" and "None assigned" name no node. invalid_input for brackets that do not match, for
// characters that no node's name has, and for more than `most` names.
Result<std::vector<std::string>> expand_host_list(
    std::string_view text, std::size_t most = hosts_max
);

}  // namespace xorch
