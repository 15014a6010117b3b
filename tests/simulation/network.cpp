#include "tests/simulation/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/simulation/agent_process.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

// ZeroMQ's own heartbeat gives a connection up after so long (core/io/client_socket.h).
constexpr Millis socket_patience{20'000};

}  // namespace

std::uint32_t Network::connect(std::uint32_t agent, std::uint32_t coordinator) {
    links_.push_back({.agent = agent, .coordinator = coordinator});
    return static_cast<std::uint32_t>(links_.size() - 1);
}

Millis Network::arrival(Direction& direction) {
    Millis delay = world_.dice.between(Millis{0}, Millis{3});
    if (world_.faults.slow_network && !world_.healed() && world_.dice.chance(0.05)) {
        delay = world_.dice.between(Millis{0}, Millis{8'000});
    }
    const Millis when =
        std::max({direction.last_arrival, world_.timeline.now() + delay, direction.cut_until});
    direction.last_arrival = when;
    return when;
}

void Network::send_to_coordinator(std::uint32_t link, std::string frame) {
    if (!links_[link].up) return;
    const Millis when = arrival(links_[link].to_coordinator);
    world_.timeline.at(when, [this, link, bytes = std::move(frame)] {
        const Link& now = links_[link];
        // The kernel may have taken it before the connection broke.
        if (!now.up && !world_.dice.chance(0.3)) return;
        world_.coordinators[now.coordinator]->receive(link, bytes);
    });
}

void Network::send_to_agent(std::uint32_t link, std::string frame) {
    if (!links_[link].up) return;
    const Millis when = arrival(links_[link].to_agent);
    world_.timeline.at(when, [this, link, bytes = std::move(frame)] {
        const Link& now = links_[link];
        if (now.up) world_.agents[now.agent]->receive(link, bytes);
    });
}

void Network::break_link(std::uint32_t link) {
    if (!links_[link].up) return;
    links_[link].up = false;
    world_.timeline.note(fmt::format("connection {} breaks", link));
    world_.timeline.after(world_.dice.between(Millis{0}, Millis{500}), [this, link] {
        world_.agents[links_[link].agent]->on_disconnected(link);
    });
}

void Network::break_links_of_coordinator(std::uint32_t coordinator) {
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        if (links_[i].coordinator == coordinator) break_link(i);
    }
}

void Network::break_links_of_agent(std::uint32_t agent) {
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        if (links_[i].agent == agent) break_link(i);
    }
}

void Network::cut(std::uint32_t link, bool to_agent, Millis how_long) {
    Direction& direction = to_agent ? links_[link].to_agent : links_[link].to_coordinator;
    direction.cut_until = world_.timeline.now() + how_long;
    world_.timeline.note(
        fmt::format("connection {} is cut {} for {}", link, to_agent, how_long.count())
    );
    if (how_long <= socket_patience) return;
    world_.timeline.after(socket_patience, [this, link, to_agent] {
        const Direction& cut_one = to_agent ? links_[link].to_agent : links_[link].to_coordinator;
        if (cut_one.cut_until > world_.timeline.now()) break_link(link);
    });
}

void Network::isolate(std::uint32_t host, Millis how_long) {
    isolated_until_[host] = world_.timeline.now() + how_long;
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        const std::uint32_t agent = world_.agents[links_[i].agent]->place().host;
        const std::uint32_t coordinator = world_.coordinators[links_[i].coordinator]->host();
        if (!links_[i].up || (agent != host && coordinator != host)) continue;
        cut(i, true, how_long);
        cut(i, false, how_long);
    }
}

bool Network::reaches(std::uint32_t host, std::uint32_t other) const {
    const auto is_isolated = [this](std::uint32_t one) {
        const auto found = isolated_until_.find(one);
        return found != isolated_until_.end() && found->second > world_.timeline.now();
    };
    return host == other || (!is_isolated(host) && !is_isolated(other));
}

std::vector<std::uint32_t> Network::links_up() const {
    std::vector<std::uint32_t> up;
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        if (links_[i].up) up.push_back(i);
    }
    return up;
}

void Network::heal() {
    for (Link& link : links_) {
        link.to_agent.cut_until = Millis{0};
        link.to_coordinator.cut_until = Millis{0};
    }
    isolated_until_.clear();
}

}  // namespace xorch::simulation
