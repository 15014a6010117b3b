#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/cli/verbs.h"

namespace xorch {

void add_version(CLI::App& app, Context& context) {
    add_verb(
        app,
        context,
        {.name = "version",
         .group = VerbGroup::site,
         .purpose = "Print the version",
         .example = "xorch version"},
        []() -> Result<ExitCode> {
            fmt::print("xorch {}\n", XORCH_VERSION);
            return ExitCode::complete;
        }
    );
    app.set_version_flag("--version", "xorch " XORCH_VERSION);
}

}  // namespace xorch
