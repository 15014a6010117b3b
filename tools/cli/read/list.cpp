#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "coordinator/report/text.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

Result<ExitCode> list(const Context& context) {
    TextTable table({Align::left, Align::left, Align::left});
    for (const FoundSweep& sweep : list_sweeps(context.home)) {
        table.add({sweep.name.name, sweep.name.stamp, escape_for_terminal(sweep.layout.root)});
    }
    for (const std::string& line : table.lines()) {
        fmt::print("{}\n", line);
    }
    return ExitCode::complete;
}

}  // namespace

void add_list(CLI::App& app, Context& context) {
    add_verb(
        app,
        context,
        {.name = "list",
         .group = VerbGroup::read,
         .purpose = "All sweeps in $XORCH_HOME, newest first",
         .example = "XORCH_HOME=~/sweeps xorch list"},
        [&context] { return list(context); }
    );
}

}  // namespace xorch
