#include "tools/cli/run/asking.h"

#include "coordinator/client.h"
#include "coordinator/journal/claim.h"
#include "coordinator/serve/inbox.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "tools/cli/run/backend.h"

namespace xorch {

namespace {

Result<ClientReply> ask_offline(
    Disk& disk, const OpenedSweep& opened, const Holder& self, const ClientRequest& request
) {
    auto backend = make_backend(opened, {});
    if (!backend) return tl::unexpected(backend.error());
    const OfflineSettings settings{
        .claim =
            {.layout = opened.layout,
                    .sweep_hash = opened.hash,
                    .self = self,
                    .holder_silent = opened.sweep.tuning.holder_silent,
                    .clock = real_clock()},
        .backend = backend->get()
    };
    return apply_offline(disk, settings, opened.sweep, request);
}

}  // namespace

Result<Answered> ask_or_do(const OpenedSweep& opened, const SweepRequest& asked) {
    auto self = this_holder("");
    if (!self) return tl::unexpected(self.error());
    PosixDisk disk;
    const ClientRequest request{
        .id = make_request_id(), .verb = asked.verb, .arguments = asked.arguments};
    auto reply = ask(disk, {.layout = opened.layout, .self = *self}, request);
    if (reply) return Answered{std::move(*reply), true};
    if (reply.error().code != ErrorCode::not_found) return tl::unexpected(reply.error());
    if (asked.needs_coordinator) {
        return fail(
            ErrorCode::not_found,
            "nothing runs: nobody reigns over this sweep now; `xorch resume` goes on with it"
        );
    }
    auto done = ask_offline(disk, opened, *self, request);
    if (!done) return tl::unexpected(done.error());
    return Answered{std::move(*done), false};
}

}  // namespace xorch
