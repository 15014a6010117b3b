#pragma once

// From a stage and a unit's parameters to the argv that is executed. Pure, so that `plan` and
// `rehearse` show exactly what an agent will run. Values are text: they never leave the argv
// element that names them and are never read by a shell.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/value.h"

namespace xorch {

// Folder of one input of a unit: {inputs.<stage>.dir}.
struct InputFolder {
    std::string stage;
    std::string directory;
};

struct CommandContext {
    Object params;           // axes and constants, in file order
    std::string code;        // {code}: the copy of the stage's code
    std::string out;         // {out}
    std::string checkpoint;  // {checkpoint}: where finished checkpoints are renamed to
    std::string resume;      // {resume}: a sealed checkpoint, or empty
    std::uint32_t seed = 0;  // {seed}
    std::vector<InputFolder> inputs;
};

// The argv to execute. Uses `argv_resume` if there is something to resume from. invalid_input for a
// placeholder that names nothing, for one whose value does not exist (an input that is several),
// for an unclosed brace.
//
// In braces: a parameter, or one of the names above (a parameter of that name goes first). `{{` and
// `}}` are braces. With `shell`, the text goes to /bin/sh -c and each value is a positional
// parameter, quoted; `${...}` is the shell's own.
Result<std::vector<std::string>> command_line(const Stage& stage, const CommandContext& context);

// The names in braces of one template, in order; for checking a sweep file before it runs.
Result<std::vector<std::string>> placeholders(std::string_view text, bool shell);

// Refuses a spelling of `args` that cannot work: neither "", "hydra" nor a template with {key} and
// {value} and without white space.
Result<void> check_arguments_style(const std::string& style);

// True if argv or argv_resume has this placeholder.
bool mentions(const Stage& stage, std::string_view placeholder);

}  // namespace xorch
