#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct CompletionOptions {
    std::string shell;
};

// Options of each visible verb, as they are typed.
std::map<std::string, std::string> collect_words(const CLI::App& app) {
    std::map<std::string, std::string> words;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (verb->get_group().empty()) continue;
        std::string& options = words[verb->get_name()];
        for (const CLI::Option* option : verb->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                if (option->get_group().empty()) continue;
                options += (options.empty() ? "--" : " --") + name;
            }
        }
    }
    return words;
}

std::string verbs_of(const std::map<std::string, std::string>& words) {
    std::string verbs;
    for (const auto& [verb, options] : words) {
        verbs += (verbs.empty() ? "" : " ") + verb;
    }
    return verbs;
}

// After the verb: its options after a dash, otherwise names of sweeps and files.
std::string bash_script(const std::map<std::string, std::string>& words) {
    std::string cases;
    for (const auto& [verb, options] : words) {
        cases += fmt::format("        {}) words=\"{}\" ;;\n", verb, options);
    }
    return "_xorch() {\n"
           "    local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W \"" +
           verbs_of(words) +
           "\" -- \"$current\"))\n"
           "        return\n"
           "    fi\n"
           "    case \"${COMP_WORDS[1]}\" in\n" +
           cases +
           "    esac\n"
           "    if [[ \"$current\" == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "    else\n"
           "        local sweeps=\"$(ls -1 \"${XORCH_HOME:-xorch-runs}\" 2>/dev/null)\"\n"
           "        COMPREPLY=($(compgen -W \"$sweeps\" -- \"$current\")\n"
           "            $(compgen -f -- \"$current\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _xorch xorch\n";
}

std::string fish_script(const std::map<std::string, std::string>& words) {
    std::string script =
        fmt::format("complete -c xorch -n __fish_use_subcommand -f -a '{}'\n", verbs_of(words)) +
        "complete -c xorch -n 'not __fish_use_subcommand' -a '(set -q XORCH_HOME; and command ls "
        "$XORCH_HOME; or command ls xorch-runs 2>/dev/null)'\n";
    for (const auto& [verb, options] : words) {
        std::string_view rest = options;
        while (!rest.empty()) {
            const std::size_t space = rest.find(' ');
            script += fmt::format(
                "complete -c xorch -n '__fish_seen_subcommand_from {}' -l {}\n",
                verb,
                rest.substr(2, space == std::string_view::npos ? space : space - 2)
            );
            rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
        }
    }
    return script;
}

Result<ExitCode> print_completion(const CLI::App& app, const std::string& shell) {
    const auto words = collect_words(app);
    std::string script;
    if (shell == "bash") script = bash_script(words);
    // zsh runs bash completions when asked to.
    if (shell == "zsh")
        script = "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(words);
    if (shell == "fish") script = fish_script(words);
    if (auto printed = print_bytes(script); !printed) return tl::unexpected(printed.error());
    return ExitCode::complete;
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
    auto& options = context.keep<CompletionOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "completion",
         .group = VerbGroup::site,
         .purpose = "Print a script that completes xorch's verbs and options in your shell",
         .example = "source <(xorch completion bash)\n  xorch completion fish | source"},
        [&app, &options] { return print_completion(app, options.shell); }
    );
    verb.option("shell", options.shell, "bash, zsh or fish")
        .required()
        .one_of({"bash", "zsh", "fish"})
        .type_name("SHELL");
}

}  // namespace xorch
