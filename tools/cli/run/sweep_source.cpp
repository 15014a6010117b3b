#include "tools/cli/run/sweep_source.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "coordinator/input/adhoc.h"
#include "coordinator/input/sweep_file.h"
#include "jobs/declaration.h"

namespace xorch {

namespace {

std::optional<std::string> environment_value(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

ParseOptions parse_options(const SweepSource& source) {
    ParseOptions options;
    options.overrides = source.overrides;
    options.environment = environment_value;
    options.jobs = job_declarations();
    return options;
}

}  // namespace

void add_sweep_source(Verb& verb, SweepSource& source) {
    verb.option("file", source.file, "The sweep file").type_name("FILE");
    verb.option(
            "--set",
            source.overrides,
            "Override a key, for example local.time=60s or stage.train.limits.retries=1"
    )
        .type_name("KEY=VALUE")
        .one_each();
    verb.option(
            "--axis", source.axes, "An axis of a sweep without a file; the command follows after --"
    )
        .type_name("NAME=VALUE,...")
        .one_each();
    verb.option("argv", source.argv, "After --: the command of each unit, without a file")
        .type_name("-- COMMAND");
}

Result<std::string> spell_sweep(const SweepSource& source) {
    std::vector<std::string> argv = source.argv;
    // CLI11 gives the first word after -- to the file.
    if (!source.file.empty()) argv.insert(argv.begin(), source.file);
    return read_adhoc(source.axes, argv);
}

Result<Sweep> read_sweep(const SweepSource& source) {
    ParseOptions options = parse_options(source);
    if (source.axes.empty()) {
        if (source.file.empty())
            return fail(
                ErrorCode::usage, "name a sweep file, or give --axis and a command after --"
            );
        if (!source.argv.empty())
            return fail(ErrorCode::usage, "a command after -- needs --axis and no file");
        return read_sweep_file(source.file, options);
    }
    const auto text = spell_sweep(source);
    if (!text) return tl::unexpected(text.error());
    options.file = "(command line)";
    options.directory = std::filesystem::current_path().string();
    return parse_sweep(*text, options);
}

Result<Sweep> read_site(const std::vector<std::string>& overrides) {
    ParseOptions options = parse_options({.overrides = overrides});
    options.file = "(no sweep file)";
    options.directory = std::filesystem::current_path().string();
    return parse_sweep(
        "[sweep]\nname = \"doctor\"\n[[stage]]\nname = \"probe\"\nargv = [\"true\"]\n", options
    );
}

tl::unexpected<Error> fail_at_source(const SweepSource& source, const Error& error) {
    if (!source.axes.empty()) return tl::unexpected(error);
    return tl::unexpected(name_stage_place(error, source.file));
}

}  // namespace xorch
