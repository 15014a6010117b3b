#pragma once

// Connections between agents and coordinators: frames in order, late, lost when a connection
// breaks; what was on its way to a coordinator may still arrive after the agent is connected anew.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/time.h"

namespace xorch::simulation {

class World;

class Network {
 public:
    explicit Network(World& world) : world_(world) {}

    // The number of the connection.
    std::uint32_t connect(std::uint32_t agent, std::uint32_t coordinator);

    void send_to_coordinator(std::uint32_t link, std::string frame);
    void send_to_agent(std::uint32_t link, std::string frame);

    // Both ends notice sooner or later.
    void break_link(std::uint32_t link);
    void break_links_of_coordinator(std::uint32_t coordinator);
    void break_links_of_agent(std::uint32_t agent);

    // Nothing passes in one direction for so long; longer than the sockets' patience breaks it.
    void cut(std::uint32_t link, bool to_agent, Millis how_long);

    // Nothing passes from or to this host for so long, on connections that are there or made anew.
    void isolate(std::uint32_t host, Millis how_long);
    bool reaches(std::uint32_t host, std::uint32_t other) const;

    bool is_up(std::uint32_t link) const { return links_[link].up; }

    std::vector<std::uint32_t> links_up() const;
    void heal();

 private:
    struct Direction {
        Millis last_arrival{0};
        Millis cut_until{0};
    };

    struct Link {
        std::uint32_t agent = 0;
        std::uint32_t coordinator = 0;
        bool up = true;
        Direction to_agent;
        Direction to_coordinator;
    };

    Millis arrival(Direction& direction);

    World& world_;
    std::vector<Link> links_;
    std::map<std::uint32_t, Millis> isolated_until_;  // by host
};

}  // namespace xorch::simulation
