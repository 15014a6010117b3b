#include "tools/cli/run/login_node.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/io/process.h"

namespace xorch {

namespace {

constexpr int answer_within_ms = 2'000;

bool is_on_path(std::string_view program) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const std::size_t end = rest.find(':');
        const std::string candidate = std::string(rest.substr(0, end)) + "/" + std::string(program);
        if (::access(candidate.c_str(), X_OK) == 0) return true;
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return false;
}

bool controller_answers() {
    auto ping = WatchedProcess::start({
        .argv = {"scontrol", "ping"},
          .environment = current_environment()
    });
    if (!ping) return false;
    pollfd waiting{.fd = ping->descriptor(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, answer_within_ms) != 1) {
        ping->send(SIGKILL);
        return false;
    }
    const auto end = ping->ended();
    return end && end->signal == 0 && end->exit_code == 0;
}

}  // namespace

Result<void> refuse_login_node() {
    const bool allocated = std::getenv("SLURM_JOB_ID") != nullptr;
    if (allocated || !is_on_path("scontrol") || !controller_answers()) return {};
    return fail(
        ErrorCode::usage,
        "this machine belongs to a Slurm cluster and may be a login node, where nobody should "
        "train\n"
        "to run it on the cluster: `xorch submit --backend slurm ...`; to run it on this machine "
        "all the same: `xorch submit --here ...`"
    );
}

}  // namespace xorch
