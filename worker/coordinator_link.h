#pragma once

// An agent's connection to whoever reigns: finds the endpoint of the highest epoch in the journal's
// folder, connects with the allocation's key, and follows when a higher epoch appears. Never goes
// back to a lower one. Loop thread only.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/disk.h"
#include "core/ids.h"
#include "core/io/client_socket.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/time.h"
#include "core/wire/endpoint.h"
#include "core/wire/messages_codec.h"

namespace xorch {

struct LinkUp {
    EpochNumber epoch;
};

struct LinkDown {};

using LinkEvent = std::variant<LinkUp, LinkDown, CoordinatorFrame>;

class CoordinatorLink {
 public:
    // `disk` must outlive the link.
    CoordinatorLink(
        Disk& disk, SweepLayout layout, AllocationId allocation, IncarnationId incarnation
    );

    // What happened since the last call; looks for the coordinator when it is time to.
    std::vector<LinkEvent> receive(Now now);

    // Drops them if there is no connection: whoever sent them says them again after LinkUp.
    void send(Now now, const std::vector<AgentMessage>& messages);

    // Gives up the connection; the next receive() says so and looks for the coordinator anew.
    void drop();

    // -1 if there is none. Readable when receive() has something to do.
    int descriptor() const;

    // When receive() should be called at the latest, on the boot clock.
    Millis next_look() const { return next_look_; }

 private:
    void look(Now now, std::vector<LinkEvent>& events);
    Result<void> follow(const Endpoint& endpoint);
    bool send_waiting();

    Disk& disk_;
    SweepLayout layout_;
    AllocationId allocation_;
    IncarnationId incarnation_;
    std::optional<ClientSocket> socket_;
    Endpoint followed_;
    std::vector<std::string> waiting_;  // frames that the socket did not take yet
    bool dropped_ = false;
    Millis next_look_{0};
    std::string last_complaint_;
};

}  // namespace xorch
