#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "coordinator/report/text.h"
#include "core/io/posix_disk.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct InitOptions {
    std::string file = "sweep.toml";
    std::string script = "train.py";
};

// Everything a first sweep needs and nothing else; the rest is in docs/sweep-file.md.
// clang-format off
constexpr std::string_view sweep_template = R"toml([sweep]
name = "{name}"
seed = 42

[[stage]]
name = "train"
# Each {{word}} names a parameter below, or seed, out, resume, checkpoint or code; it stays inside its element.
argv = ["python3", "{{code}}/{copy}", "--lr", "{{lr}}", "--repeat", "{{repeat}}"]
code = ["{script}"]  # copied at submit: edits made while the sweep waits do not leak in
axes.lr = {{ values = [1e-4, 1e-3] }}
axes.repeat = {{ range = [0, 3] }}  # 0, 1, 2
# Rows of results: lines that match; or json, jsonl, csv = "file"; or without this line, append to $XORCH_RECORDS.
records.from = {{ stdout = 'acc=(?<acc>\S+)' }}
records.required = ["acc"]
resources = {{ cpus = 1 }}
limits = {{ retries = 2 }}
# checkpoints.from = "ckpt/*.pt"  # or the script publishes them itself: tools/python/xorch.py

[summary]
by = ["lr"]
metrics = ["acc"]
)toml";

// clang-format on

std::string sweep_name(const std::string& script) {
    std::string name = std::filesystem::path(script).stem().string();
    for (char& byte : name) {
        const bool allowed = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' ||
                             byte == '-';
        if (!allowed) byte = '_';
    }
    return name.empty() ? "sweep" : name.substr(0, 64);
}

// Where {code} has the script: what lies outside the sweep file's folder is copied under its name.
std::string place_in_copy(const std::string& script) {
    const auto path = std::filesystem::path(script).lexically_normal();
    const bool outside = path.is_absolute() || *path.begin() == "..";
    return (outside ? path.filename() : path).string();
}

Result<ExitCode> init(const InitOptions& options) {
    // `xorch init train.py` is what comes to mind first.
    if (std::filesystem::path(options.file).extension() != ".toml") {
        return fail(
            ErrorCode::usage,
            fmt::format(
                "{} is no name of a sweep file, which ends in .toml; for a script: `xorch init "
                "--script {}`",
                options.file,
                quote_for_shell(options.file)
            )
        );
    }
    if (options.script.empty() || options.script.find_first_of("\"\\\n{}") != std::string::npos) {
        return fail(
            ErrorCode::usage,
            "the script needs a name without quotes, backslashes, braces or line breaks"
        );
    }
    const std::string text = fmt::format(
        sweep_template,
        fmt::arg("name", sweep_name(options.script)),
        fmt::arg("copy", place_in_copy(options.script)),
        fmt::arg("script", options.script)
    );
    const std::string path = std::filesystem::absolute(options.file).string();
    PosixDisk disk;
    auto file = disk.create(path);
    if (!file && file.error().code == ErrorCode::conflict) {
        return fail(
            ErrorCode::usage,
            fmt::format("{} exists already; name another file: `xorch init FILE`", options.file)
        );
    }
    if (!file) return tl::unexpected(file.error());
    if (auto written = (*file)->append(text); !written) return tl::unexpected(written.error());
    fmt::print(
        "{} is written. Next: edit it, then\n  xorch plan {}\n  xorch rehearse {}\n  xorch submit "
        "{}\n",
        options.file,
        options.file,
        options.file,
        options.file
    );
    return ExitCode::complete;
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
    auto& options = context.keep<InitOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "init",
         .group = VerbGroup::run,
         .purpose = "Write a first sweep file for a script",
         .example = "xorch init --script train.py"},
        [&options] { return init(options); }
    );
    verb.option("file", options.file, "The sweep file to write").show_default();
    verb.option("--script", options.script, "The program that each unit runs").show_default();
}

}  // namespace xorch
