#pragma once

// How commands reach a sweep: by the coordinator's socket, by a file in its inbox where there is no
// way to the socket, and where nobody reigns by a short reign of our own. A request counts once the
// reigning epoch's journal holds it; asking again under the same id is always safe. Blocks.

#include "coordinator/recovery.h"
#include "core/backend.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

struct AskSettings {
    SweepLayout layout;
    Holder self;                // this_holder(), to tell whether the holder's process is gone
    Millis socket_time{2'000};  // then by file
    Millis file_time{10'000};   // coordinators look into the inbox every 2 s
};

// The reply of whoever reigns. not_found: nobody reigns, apply_offline() may be tried; unavailable:
// somebody does and did not answer, and the request was withdrawn. `request.id` is from
// make_request_id() (serve/inbox.h).
Result<ClientReply> ask(Disk& disk, const AskSettings& settings, const ClientRequest& request);

struct OfflineSettings {
    ClaimSettings claim;
    // Ends allocations that a coordinator which died left behind.
    Backend* backend = nullptr;
    Millis farewell{30'000};  // how long to wait until they are gone
};

// Claims an epoch, carries the request out as the coordinator would, and ends the epoch. `conflict`
// if somebody reigns after all. For "cancel", "retry", "pause" and "continue".
Result<ClientReply> apply_offline(
    Disk& disk, const OfflineSettings& settings, const Sweep& sweep, const ClientRequest& request
);

}  // namespace xorch
