#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "tools/cli/run/native_program.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct DataOptions {
    std::string name;
    std::string directory;
    std::uint64_t seed = 0;
};

// The makers need LibTorch or OpenCV, so xorch-runner has them; it takes this process's place.
Result<ExitCode> become_runner(const std::string& program, std::vector<std::string> words) {
    auto runner = require_native_program(program, "making data");
    if (!runner) return tl::unexpected(runner.error());
    words.insert(words.begin(), *runner);
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::fflush(nullptr);
    ::execv(runner->c_str(), argv.data());
    return fail_from_errno("starting " + *runner, errno);
}

}  // namespace

void add_data(CLI::App& app, Context& context) {
    auto& options = context.keep<DataOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "data",
         .group = VerbGroup::site,
         .purpose = "Make synthetic data in the layout of the real one",
         .example = "xorch data list\n  xorch data make cells data/cells --seed 1"},
        nullptr
    );
    CLI::App& words = verb.app();
    words.callback(std::function<void()>());  // those have bodies, not the verb itself
    words.require_subcommand(1);
    CLI::App* make_app = words.add_subcommand("make", "Make files in a new or empty folder");
    Verb make(*make_app);
    make.option("name", options.name, "Which data; `xorch data list` lists them")
        .required()
        .type_name("NAME");
    make.option("directory", options.directory, "Where").required().type_name("DIR");
    make.option("--seed", options.seed, "Equal seeds make equal files").show_default();
    make_app->callback([&context, &options] {
        context.body = [&context, &options] {
            return become_runner(
                context.program,
                {"data", "make", options.name, options.directory, std::to_string(options.seed)}
            );
        };
    });
    words.add_subcommand("list", "What can be made")->callback([&context] {
        context.body = [&context] { return become_runner(context.program, {"data", "list"}); };
    });
}

}  // namespace xorch
