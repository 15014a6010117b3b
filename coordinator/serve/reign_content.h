#pragma once

// The inside of a reign's loop, for the files that implement it: reign_loop.cpp begins and turns,
// reign_end.cpp ends. Loop thread only.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "coordinator/serve/agent_links.h"
#include "coordinator/serve/assigner.h"
#include "coordinator/serve/derived.h"
#include "coordinator/serve/notify.h"
#include "coordinator/serve/reign_journal.h"
#include "coordinator/serve/reign_loop.h"
#include "coordinator/serve/requests.h"
#include "core/io/errands.h"
#include "core/io/server_socket.h"

namespace xorch {

// Members that others refer to come first, so that they go last. The two errand threads come last:
// their work refers to everything.
struct ReignLoop::Content {
    Parts parts;
    Now now;
    Millis ticked_boot{0};
    std::unique_ptr<ReignJournal> journal;
    std::optional<ServerSocket> socket;  // until the reign is over and everybody knows
    std::optional<AgentLinks> links;
    std::optional<Reign> reign;
    std::optional<Assigner> assigner;
    std::optional<Requests> requests;
    std::optional<Notifier> notifier;
    std::optional<Derived> derived;
    std::map<AllocationId, std::string> agent_keys;  // public; of allocations that live
    std::set<IncarnationId> sent_away;               // and did not say goodbye yet
    std::optional<Errands> errands;                  // short: spools, inbox, status, keys, rows
    std::optional<Errands> tables_errands;           // long

    const CoordinatorSettings& settings() const { return *parts.settings; }

    void log(std::string_view line) const {
        if (settings().log) settings().log(line);
    }

    Result<void> open_socket(const KeyPair& keys);
    Result<void> begin(Claimed claimed);
    void make_parts();
    void take_over_allocations();
    void admit(AllocationId allocation, const std::string& public_key);

    Result<ReignOutcome> run();
    void wait();
    Millis wake_time() const;
    Millis tick_time() const;
    std::optional<Error> turn();
    void hear_frames();
    void hear_backend();
    void hear_stop();
    void read_spools();

    void speak();
    void say(ToAgent& message);
    void say(ClientReply& reply);
    void say(StartAllocation& order);
    void say(EndAllocation& order);
    void say(Notification& notification);
    void say(AdoptionWanted& wanted);
    ReignOutcome end();
    void await_allocations();
    void hang_up();
};

}  // namespace xorch
