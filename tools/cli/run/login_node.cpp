#include "tools/cli/run/login_node.h"

#include <cstdlib>

#include "core/io/process.h"
#include "slurm/command.h"
#include "slurm/site_facts.h"

namespace xorch {

namespace {

constexpr Millis answer_within{2'000};

bool controller_answers() {
    const auto ping =
        run_command({.argv = ping_argv(), .time = answer_within}, current_environment());
    return ping && ping->exit_code == 0;
}

}  // namespace

Result<void> refuse_login_node() {
    const bool allocated = std::getenv("SLURM_JOB_ID") != nullptr;
    if (allocated || !controller_answers()) return {};
    return fail(
        ErrorCode::usage,
        "this machine belongs to a Slurm cluster and may be a login node, where nobody should "
        "train\n"
        "to run it on the cluster: `xorch submit --backend slurm ...`; to run it on this machine "
        "all the same: `xorch submit --here ...`"
    );
}

}  // namespace xorch
