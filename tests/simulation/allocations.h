#pragma once

// The backend's side of the world: allocations of one or two nodes with a keeper each, which starts
// agents and buries them. Tells every reigning coordinator what happens.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/decide/reign.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {

class AgentProcess;
class CoordinatorProcess;
class World;

class Allocations {
 public:
    explicit Allocations(World& world) : world_(world) {}

    // What a coordinator orders. Repeated orders change nothing.
    void carry_out(const StartAllocation& order);
    void carry_out(const EndAllocation& order);

    // A new epoch asks about what earlier ones left.
    void take_over(CoordinatorProcess& asker, std::span<const AllocationState> left);

    // The agent was killed, or died in a write: its keeper starts a new one.
    void on_agent_died(AgentProcess& agent);

    // It exited in order: its keeper exits too.
    void on_agent_left(AgentProcess& agent);

    // The node loses power.
    void lose_node(std::uint32_t host);

 private:
    enum class Phase { starting, running, ended };

    struct Node {
        std::uint32_t host = 0;
        std::optional<std::size_t> agent;
        bool over = false;  // its keeper is gone
        Millis retry{200};
    };

    struct Allocation {
        AllocationId id;
        std::string token;
        Phase phase = Phase::starting;
        Millis end{0};  // on the timeline; 0 = without end
        std::string reason;
        std::vector<Node> nodes;
    };

    Allocation* find(AllocationId id);
    Node* node_of(std::uint32_t host, Allocation** allocation);
    void begin(std::size_t index);
    void start_agent(std::size_t index, std::size_t node);
    void close_node(Allocation& allocation, Node& node);
    void finish(Allocation& allocation, const std::string& reason);
    void time_is_up(std::size_t index);
    AllocationEvent event_of(const Allocation& allocation) const;
    void tell(const AllocationEvent& event);

    World& world_;
    std::vector<Allocation> all_;
    std::uint32_t next_host_ = 10;
};

}  // namespace xorch::simulation
