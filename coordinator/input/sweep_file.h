#pragma once

// From the text of a sweep file to a Sweep: includes and overrides applied, every key checked
// against the schema, paths resolved, names of stages, axes and placeholders checked against each
// other. Reads the files that the text names (includes) and looks whether paths exist; changes
// nothing.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/job.h"
#include "core/layout.h"
#include "core/sweep.h"

namespace xorch {

struct ParseOptions {
    std::string file = "sweep.toml";     // as messages name it
    std::string directory;               // of the sweep file, absolute
    std::vector<std::string> overrides;  // "key=value", as given to --set
    // The value of an environment variable, for a leading $NAME of a path; empty = none is set.
    std::function<std::optional<std::string>(const std::string&)> environment;
    std::vector<JobDeclaration> jobs;    // job_declarations(); none = only `command` exists
    bool missing_paths_allowed = false;  // for checking files where the data is not
};

// invalid_input with everything found wrong, one complaint per line: "file:line:column: what;
// remedy".
Result<Sweep> parse_sweep(std::string_view text, const ParseOptions& options);

// Reads the file and parses it; `file` and `directory` of the options are set from `path`.
Result<Sweep> read_sweep_file(const std::string& path, ParseOptions options);

// An error that only planning or freezing finds, preceded by the place of the stage it is about.
Error name_stage_place(Error error, const std::string& path);

// The text that freeze() made, from the sweep's directory. An equal Sweep: same units, same ids.
// Paths are not looked at.
Result<Sweep> parse_frozen(std::string_view text, const SweepLayout& layout);

// docs/sweep-file.md.
std::string sweep_file_reference();

}  // namespace xorch
