#include "tools/cli/run/interpreter.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/command_line.h"
#include "core/io/spawn.h"
#include "worker/attempt/steps/environment.h"

namespace xorch {

namespace {

// "python3 is /usr/bin/python3 (/usr/bin/python3.11)"; empty if only an attempt knows what the
// program is.
std::string describe_program(
    const Stage& stage, const Sweep& sweep, const std::vector<std::string>& environment
) {
    const std::string program = stage.shell ? "/bin/sh" : stage.argv.front();
    const auto unknown = placeholders(program, false);
    if (!stage.shell && (!unknown || !unknown->empty())) return "";
    const auto found = find_program(program, environment, sweep.directory);
    if (!found) {
        return fmt::format("warning: stage {}: {}", stage.name, found.error().message);
    }
    // A virtual environment is known by the link, its version by what the link leads to.
    std::error_code error;
    const auto resolved = std::filesystem::canonical(*found, error);
    const bool is_link = !error && resolved != *found;
    if (*found == program && !is_link) return "";
    const std::string target = is_link ? fmt::format(" ({})", resolved.string()) : "";
    return fmt::format("stage {}: {} is {}{}", stage.name, program, *found, target);
}

}  // namespace

Result<std::vector<std::string>> describe_programs(
    const Sweep& sweep, const std::vector<std::string>& environment
) {
    auto base = base_environment(sweep, environment);
    if (!base) return fail_with_context(base.error(), "the environment of units ([env] setup)");
    std::vector<std::string> lines;
    for (const Stage& stage : sweep.stages) {
        if (stage.job != "command") continue;
        std::string line = describe_program(stage, sweep, stage_environment(*base, stage));
        if (!line.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace xorch
