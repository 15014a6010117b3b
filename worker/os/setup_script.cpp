#include "worker/os/setup_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/io/run_program.h"

namespace xorch {

namespace {

// Module systems and conda take seconds, on a cold shared file system a minute or two.
constexpr Millis setup_time_max{300'000};

}  // namespace

Result<std::vector<std::string>> environment_after_script(
    const std::string& script,
    const std::vector<std::string>& environment,
    const std::string& directory
) {
    auto bash = find_program("bash", environment, directory);
    if (!bash) return fail_with_context(bash.error(), "[env] setup needs bash");
    // What the script prints must not mix with the environment; the path is an argument, never text
    // of the command.
    const SpawnRequest request{
        .program = *bash,
        .argv = {"bash", "-c", "source \"$1\" 1>&2 || exit $?; exec env -0", "bash", script},
        .environment = environment,
        .directory = directory,
    };
    auto run = run_program(request, {.time = setup_time_max});
    if (!run) return fail_with_context(run.error(), "[env] setup = " + script);
    if (run->exit_code != 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "[env] setup = {} failed with exit code {}: {}",
                script,
                run->exit_code,
                last_lines(run->error_output)
            )
        );
    }
    std::vector<std::string> result;
    std::string_view rest(run->output);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        if (end > 0) result.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return result;
}

}  // namespace xorch
