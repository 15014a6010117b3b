#pragma once

// Which connection speaks for which agent, and the frames on their way to it. A connection becomes
// an agent's by its hello, if its key belongs to the allocation that the hello names; only the
// newest one counts, so that what an older one still had in its queue cannot confuse the two.
// Messages of one turn share frames. Loop thread only.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/io/server_socket.h"
#include "core/wire/messages_codec.h"

namespace xorch {

class AgentLinks {
 public:
    // The socket must outlive this.
    AgentLinks(ServerSocket& socket, EpochNumber epoch) : socket_(socket), epoch_(epoch) {}

    // The messages that may be believed: those from a hello on, or all of a connection whose hello
    // was heard. Empty for anything else.
    AgentFrame accept(const ReceivedFrame& frame);

    // Queues a message; what is queued for an agent without a connection is dropped, because its
    // next hello asks for everything anew.
    void say(IncarnationId to, CoordinatorMessage message);

    // Encodes what was said and sends what can be sent. The messages that do not fit a frame.
    std::vector<Error> flush();

    // Frames wait for a peer that does not read: flush() again before long.
    bool is_congested() const;

    void forget(IncarnationId agent);

 private:
    struct Link {
        std::string route;
        AllocationId allocation;
        std::vector<CoordinatorMessage> said;
        std::deque<std::string> frames;  // encoded, not taken by the socket yet
        std::size_t frame_bytes = 0;
        bool broken = false;  // nothing is sent until the next hello
        bool listed = false;  // in spoken_to_
    };

    std::vector<std::string> encode(
        const std::vector<CoordinatorMessage>& messages, std::vector<Error>& errors
    ) const;
    void send_frames(Link& link);
    static void drop(Link& link);

    ServerSocket& socket_;
    EpochNumber epoch_;
    std::map<IncarnationId, Link> links_;
    std::vector<IncarnationId> spoken_to_;  // links with `said` or `frames`
};

}  // namespace xorch
