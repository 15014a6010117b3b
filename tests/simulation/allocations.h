#pragma once

// The backend's side of the world: allocations of one or two nodes with a keeper each, which starts
// agents and buries them. Tells every reigning coordinator what happens: at once, or on Slurm when
// the queue is asked, which is late and may leave a job out.

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

    // A job is queued, or runs.
    bool any_open() const;

    // One is queued behind one that runs.
    bool successor_waits() const;

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
        std::string after;  // the job that it waits for
        Phase phase = Phase::starting;
        Millis end{0};  // on the timeline; 0 = without end
        bool end_moved = false;
        bool leaving = false;                    // its relay starts nothing again
        std::optional<std::size_t> coordinator;  // that reigns or stands by in it
        Millis ended_at{0};
        unsigned missing = 0;  // answers of the queue in a row that did not name it
        std::string reason;
        std::vector<Node> nodes;
    };

    Allocation* find(AllocationId id);
    Node* node_of(std::uint32_t host, Allocation** allocation);
    void begin(std::size_t index);
    void start_agent(std::size_t index, std::size_t node);
    void close_node(Allocation& allocation, Node& node);
    void finish(Allocation& allocation, const std::string& reason);
    void set_end(std::size_t index, Millis end);
    void time_is_up(std::size_t index);
    void enforce_limit(std::size_t index);
    bool is_slurm() const;
    void begin_when_due(std::size_t index);
    void tend_coordinator(std::size_t index);
    void ask_queue();
    std::optional<AllocationEvent> answer_about(Allocation& allocation);
    AllocationEvent event_of(const Allocation& allocation) const;
    void tell(const AllocationEvent& event);

    World& world_;
    std::vector<Allocation> all_;
    std::uint32_t next_host_ = 10;
    bool asks_queue_ = false;
};

}  // namespace xorch::simulation
