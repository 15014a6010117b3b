#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "coordinator/input/complaints.h"
#include "coordinator/report/text.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

const char* group_title(VerbGroup group) {
    switch (group) {
        case VerbGroup::run:
            return "Run a sweep";
        case VerbGroup::read:
            return "See what it did";
        case VerbGroup::decide:
            return "Decide";
        case VerbGroup::site:
            return "Set up and look after";
        case VerbGroup::hidden:
            return "";  // CLI11 leaves an empty group out of the help
    }
    return "";
}

// Where the error itself names no command (in backticks), its kind does.
const char* default_remedy(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
            return "`xorch --help` lists the verbs, `xorch VERB --help` explains one";
        case ErrorCode::invalid_input:
            return "correct it and run the same command again; `xorch plan FILE` checks a sweep "
                   "file without running anything";
        case ErrorCode::not_found:
            return "`xorch list` shows the sweeps";
        case ErrorCode::conflict:
            return "`xorch status` says who holds the sweep";
        case ErrorCode::no_space:
            return "make space (`xorch gc` says what a sweep can do without), then `xorch resume`";
        case ErrorCode::unavailable:
            return "try again in a moment; `xorch status` says what the sweep is doing";
        case ErrorCode::corrupted:
            return "`xorch fsck` says what is damaged and what to do";
        case ErrorCode::internal:
            return "`xorch status` says how the sweep stands";
    }
    return "";
}

std::string example_lines(const VerbText& text) {
    return fmt::format("Example:\n  {}", text.example);
}

Terminal look_at_terminal() {
    Terminal terminal;
    terminal.is_terminal = isatty(STDOUT_FILENO) == 1;
    const char* no_colour = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
    const bool refused = no_colour != nullptr && *no_colour != '\0';
    terminal.colour = terminal.is_terminal && !refused;
    winsize size{};
    if (terminal.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.width = size.ws_col;
    }
    return terminal;
}

// The first word if it should have been a verb and is none.
std::string unknown_verb(const CLI::App& app, int argc, const char* const* argv) {
    if (argc < 2 || argv[1][0] == '-' || !app.get_subcommands().empty()) return "";
    return argv[1];
}

std::vector<std::string> visible_verbs(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!verb->get_group().empty()) names.push_back(verb->get_name());
    }
    return names;
}

}  // namespace

Context make_context() {
    Context context;
    context.terminal = look_at_terminal();
    const char* home = std::getenv("XORCH_HOME");
    const bool given = home != nullptr && *home != '\0';
    std::error_code ignored;
    context.home = std::filesystem::absolute(given ? home : "xorch-runs", ignored).string();
    context.program = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
    return context;
}

Verb add_verb(CLI::App& app, Context& context, const VerbText& text, VerbBody body) {
    CLI::App& verb = *app.add_subcommand(text.name, text.purpose);
    verb.group(group_title(text.group));
    verb.footer(example_lines(text));
    verb.callback([&context, body = std::move(body)] { context.body = body; });
    return Verb(verb);
}

void add_sweep_argument(Verb& verb, std::string& sweep) {
    verb.option("sweep", sweep, "A sweep's directory or its name; none: the newest")
        .type_name("SWEEP");
}

void add_json_flag(Verb& verb, bool& json) {
    verb.flag("--json", json, "Print JSON for programs");
}

int run_command_line(CLI::App& app, Context& context, int argc, const char* const* argv) {
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Help and version go to standard output with success, everything else is a usage error.
        if (error.get_exit_code() == 0) return app.exit(error);
        const std::string verb = unknown_verb(app, argc, argv);
        const std::string message =
            verb.empty() ? error.what()
                         : fmt::format("no verb {}{}", verb, suggest(verb, visible_verbs(app)));
        print_error(Error{ErrorCode::usage, message});
        return static_cast<int>(ExitCode::usage);
    }
    if (!context.body) {
        std::fputs(app.help().c_str(), stderr);
        return static_cast<int>(ExitCode::usage);
    }
    const Result<ExitCode> result = context.body();
    ExitCode code = result ? *result : exit_code_of(result.error());
    if (!result) print_error(result.error());
    // Output that did not reach its file (a full disk) must not look like success.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        print_error(Error{ErrorCode::no_space, "writing standard output failed"});
        code = ExitCode::error;
    }
    return static_cast<int>(code);
}

std::string format_error(const Error& error) {
    std::string text = error.message;
    if (text.find('`') == std::string::npos) {
        text += fmt::format("\n{}", default_remedy(error.code));
    }
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    std::string shown = "xorch: ";
    for (const char byte : escape_for_terminal(text, Newlines::keep)) {
        shown += byte;
        if (byte == '\n') shown += "       ";
    }
    return shown + "\n";
}

void print_error(const Error& error) {
    std::fflush(stdout);  // so that the error comes after what was said before it
    std::fputs(format_error(error).c_str(), stderr);
}

}  // namespace xorch
