#pragma once

// What may stand in a sweep's [slurm] table as text, so that the sweep file, which complains with a
// place, and the maker of sbatch's arguments, which trusts nobody, check by the same rules. No
// shell ever reads these values; the rules keep a value from becoming a second option or a second
// line of what Slurm prints.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

enum class SlurmText {
    flag,      // true, and no text
    count,     // digits
    size,      // digits and perhaps K, M, G or T, as Slurm reads memory
    time,      // digits, ':' and '-'
    word,      // letters, digits and . _ -
    words,     // those, separated by commas
    pattern,   // those and the signs of Slurm's lists: @ : = + * / % & | ( ) [ ] { } # ~ ^
    sentence,  // anything on one line
};

struct SlurmRule {
    std::string_view name;
    SlurmText text;
    bool flag_allowed;  // may also be written as true
    std::string_view doc;
};

// Keys of [slurm] that hold text: partition, account, ...
const SlurmRule* find_slurm_key(std::string_view name);

// Options of sbatch that [slurm] options may name beside the keys; what xorch decides itself
// (--signal, --requeue, --array, --export, ...) is not among them.
const std::vector<SlurmRule>& slurm_option_rules();
const SlurmRule* find_slurm_option(std::string_view name);

// invalid_input with what is allowed, unless `value` fits. "" is a flag.
Result<void> check_slurm_text(const SlurmRule& rule, std::string_view value);

}  // namespace xorch
