#pragma once

// An agent that only talks: joins, takes units, and ends each as the test wants, at once. Runs on
// the thread of whoever calls it, over a real socket.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/io/client_socket.h"
#include "core/layout.h"
#include "core/messages.h"

namespace xorch {

class FakeAgent {
 public:
    FakeAgent(SweepLayout layout, IncarnationId incarnation, AllocationId allocation);

    // Finds the newest coordinator, connects and says hello. False if there is none in time.
    bool join();

    // Listens and answers until `done`; false if that takes too long. Reconnects as an agent does.
    bool run_until(const std::function<bool()>& done);

    // Ends so many units as soon as they are assigned; the others it holds.
    std::size_t finish_limit = std::numeric_limits<std::size_t>::max();

    // Ends what it holds, and from now on everything.
    void finish_held();

    std::vector<Assignment> assigned;
    std::vector<Assignment> held;
    std::vector<StopAttempt> stops;
    std::uint64_t acknowledged = 0;
    std::uint32_t welcomes = 0;
    std::optional<Leave> leave;
    EpochNumber epoch;

    // What it would report of the unit's end, with the next number.
    EndReport report_of(const Assignment& unit);

    std::vector<AgentMessage> unacknowledged;

    // A frame of any bytes; false if the connection takes no more now.
    bool say_bytes(std::string_view frame) { return socket_->send(frame); }

 private:
    void finish(const std::vector<Assignment>& units);
    void say(const std::vector<AgentMessage>& messages);
    void hear(const CoordinatorMessage& message);
    void hear_events();

    SweepLayout layout_;
    IncarnationId incarnation_;
    AllocationId allocation_;
    std::optional<ClientSocket> socket_;
    std::string address_;
    std::uint64_t reports_ = 0;
    std::set<std::pair<UnitKey, std::uint32_t>> seen_;  // with the attempt: Assign may be repeated
};

// How long tests wait for what must happen; they never wait for less.
inline constexpr Millis patience{20'000};

}  // namespace xorch
