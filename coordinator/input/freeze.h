#pragma once

// What `submit` fixes before anything runs: the resolved text of the sweep, what its paths and its
// code contain, and which files are copied. Edits made while a sweep waits do not leak in. freeze()
// only reads; copy_code() writes below the sweep's own directory.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/plan.h"
#include "core/sweep.h"

namespace xorch {

struct CodeFile {
    std::string from;  // absolute
    std::string to;    // relative to the stage's copy, code/<stage>/
    bool executable = false;
};

struct StageCode {
    std::string stage;
    std::vector<CodeFile> files;  // sorted by `to`
};

struct FrozenSweep {
    Sweep sweep;       // with the hashes of paths and code filled in
    std::string text;  // of the sweep's sweep.toml; parse_frozen() reads it
    std::string hash;  // of the text: names the sweep in its journal
    std::vector<StageCode> code;
    std::vector<std::string> warnings;  // for people
};

Result<FrozenSweep> freeze(Sweep sweep);

// Of the stage's code as it is now; `directory` is the sweep's. Equal to its code_hash while nobody
// edits it.
Result<std::string> current_code_hash(const Stage& stage, const std::string& directory);

// Copies the code to <root>/code/<stage>/. conflict if a file is not what was hashed any more.
Result<void> copy_code(const FrozenSweep& frozen, const std::string& root);

// The frozen text of a sweep whose hashes are filled in.
std::string format_sweep(const Sweep& sweep);

// A sweep file, to be edited and submitted, of these units of the selection's stage (all repeats of
// a choice, in plan order) and of the units that they need. All keep their ids.
// usage where no axes can say which units those are.
Result<std::string> format_choice(
    const Plan& plan, const Select& select, const std::vector<UnitKey>& chosen
);

}  // namespace xorch
