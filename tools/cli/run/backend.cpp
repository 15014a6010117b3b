#include "tools/cli/run/backend.h"

#include <utility>

#include "coordinator/local_backend.h"
#include "core/io/process.h"
#include "slurm/command.h"
#include "slurm/slurm_backend.h"

namespace xorch {

namespace {

Result<std::unique_ptr<Backend>> make_local(const OpenedSweep& opened, const BackendNeeds& needs) {
    auto backend = LocalBackend::make({
        .layout = opened.layout,
        .program = opened.layout.program(),
        .environment = current_environment(),
        .descriptors = needs.descriptors,
        .time = opened.sweep.local.time,
    });
    if (!backend) return tl::unexpected(backend.error());
    return std::unique_ptr<Backend>(std::move(*backend));
}

Result<std::unique_ptr<Backend>> make_slurm(const OpenedSweep& opened, const BackendNeeds& needs) {
    // A job that is gone is missed by some looks in a row: soon enough for a person.
    constexpr Millis seldom{60'000};
    constexpr Millis soon{5'000};
    auto backend = SlurmBackend::make({
        .directory = opened.layout.root,
        .options = opened.sweep.slurm,
        .environment = slurm_environment(current_environment()),
        .poll_every = needs.is_awaited ? soon : seldom,
        .log = needs.log,
        .queue_file = opened.layout.queue(),
    });
    if (!backend) return tl::unexpected(backend.error());
    return std::unique_ptr<Backend>(std::move(*backend));
}

}  // namespace

Result<std::unique_ptr<Backend>> make_backend(
    const OpenedSweep& opened, const BackendNeeds& needs
) {
    switch (opened.sweep.backend) {
        case BackendKind::local:
            return make_local(opened, needs);
        case BackendKind::slurm:
            return make_slurm(opened, needs);
    }
    return fail(ErrorCode::internal, "a backend that nobody knows");
}

}  // namespace xorch
