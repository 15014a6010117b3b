// The program `xorch`: command line, coordinator, agent and keeper in one executable, so that a
// sweep's directory needs one copy. This file only catches what no verb did.

#include <CLI/CLI.hpp>
#include <exception>

#include "tools/cli/verbs.h"

int main(int argc, char** argv) {
    try {
        CLI::App app{
            "xorch runs machine-learning sweeps of any script and survives crashes.", "xorch"};
        xorch::Context context = xorch::make_context();
        xorch::add_all_verbs(app, context);
        return xorch::run_command_line(app, context, argc, argv);
    } catch (const std::exception& error) {
        xorch::print_error(xorch::Error{xorch::ErrorCode::internal, error.what()});
        return static_cast<int>(xorch::ExitCode::error);
    }
}
