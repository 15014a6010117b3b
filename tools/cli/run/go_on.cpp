#include "tools/cli/run/go_on.h"

#include <fmt/format.h>

#include "coordinator/report/text.h"
#include "tools/cli/run/slurm_run.h"

namespace xorch {

Result<ExitCode> go_on(const Context& context, const OpenedSweep& opened, GoingOn how) {
    if (opened.sweep.backend == BackendKind::slurm) return submit_to_slurm(context, opened);
    if (!how.detach) return run_here(context, opened, {});
    if (auto started = run_detached(opened.layout); !started) {
        return tl::unexpected(started.error());
    }
    fmt::print(
        "running in the background; `xorch watch {}` shows how it goes\n",
        quote_for_shell(opened.layout.root)
    );
    return ExitCode::complete;
}

}  // namespace xorch
