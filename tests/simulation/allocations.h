#pragma once

// The backend's side of the world: allocations of one or two nodes with a keeper each, which starts
// agents and buries them. Tells every reigning coordinator what happens: at once, or on Slurm when
// the queue is asked, which is late and may leave a job out. allocations.cpp has what all of them
// have in common, slurm_jobs.cpp what only Slurm does.

#include <cstdint>
#include <optional>
#include <set>
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

    // A new epoch asks about what earlier ones left; more often if a person waits for the answer.
    void take_over(
        CoordinatorProcess& asker, std::span<const AllocationState> left, bool is_awaited
    );

    // The durable journal says so of them.
    void on_durable(std::span<const AllocationState> known);

    // The agent was killed, or died in a write: its keeper starts a new one.
    void on_agent_died(AgentProcess& agent);

    // It exited in order: its keeper exits too.
    void on_agent_left(AgentProcess& agent);

    // A unit starts there.
    void on_unit_started(const AgentProcess& agent);

    // Its coordinator found that the sweep is over, or at rest: its relay waits for keepers only.
    void on_sweep_over(AllocationId allocation);

    // A job is queued, or runs.
    bool any_open() const;

    // One is queued behind one that runs.
    bool successor_waits() const;

    // A job is queued, or runs as far as Slurm knows, and its relay starts coordinators.
    bool any_heir() const;

    // The node loses power.
    void lose_node(std::uint32_t host);
    bool is_lost(std::uint32_t host);

    // Slurm takes the nodes of a job that runs for dead and an administrator has it requeued: the
    // same job runs again elsewhere, while its first copy lives on, cut off for a while.
    void requeue_a_job();

    // Slurm wants the nodes of a job that runs for another one: it is told to go, and soon killed.
    void preempt_a_job();

 private:
    enum class Phase { starting, running, ended };

    // How long a batch system waits after TERM (Slurm's KillWait is 30 s).
    static constexpr Millis kill_wait{30'000};

    // What a relay grants keepers of a sweep that is over, and a coordinator that it told to go.
    static constexpr Millis leave_within{60'000};

    struct Node {
        std::uint32_t host = 0;
        std::optional<std::size_t> agent;
        bool over = false;  // its keeper is gone
        bool lost = false;  // it has no power
        Millis retry{200};
        Millis end{0};       // that its agents begin with; 0 = without end
        bool stale = false;  // of a copy of the job that Slurm takes for dead
    };

    struct Allocation {
        AllocationId id;
        std::string token;
        std::string after;  // the job that it waits for
        Phase phase = Phase::starting;
        std::uint32_t copy = 0;  // how often it was requeued
        Millis began{0};
        Millis end{0};  // on the timeline; 0 = without end
        bool end_moved = false;
        bool leaving = false;                    // its relay starts nothing again
        bool is_told = true;                     // sbatch's answer arrived
        bool given_up = false;                   // the journal says that it has ended
        bool was_followed = false;               // sbatch was asked for a job behind it
        std::optional<std::size_t> coordinator;  // that reigns or stands by in it
        Millis ended_at{0};
        Millis left_out_until{0};  // by the queue, although it is there
        unsigned missing = 0;      // answers of the queue in a row that did not name it
        std::string reason;
        std::vector<Node> nodes;
    };

    Allocation* find(AllocationId id);
    Node* node_of(std::uint32_t host, Allocation** allocation);
    std::size_t index_of(const Allocation& allocation) const;
    void add_nodes(Allocation& allocation);
    void begin(std::size_t index);
    void start_agent(std::size_t index, std::size_t node);
    void close_node(Allocation& allocation, Node& node);
    void finish(Allocation& allocation, const std::string& reason);
    void finish_after(Millis delay, const Allocation& allocation, const std::string& reason);
    void set_end(std::size_t index, Millis end);
    void time_is_up(std::size_t index);
    AllocationEvent event_of(const Allocation& allocation) const;
    void tell(const AllocationEvent& event);
    void tell(std::vector<AllocationEvent> events);  // at once

    // ---- slurm_jobs.cpp ----
    bool is_slurm() const;
    bool refuses(const StartAllocation& order);
    void begin_when_due(std::size_t index);
    void tend_coordinator(std::size_t index);
    const Node& batch_host(const Allocation& allocation) const;
    CoordinatorProcess* coordinator_of(const Allocation& allocation) const;
    void say_term(Allocation& allocation);
    void enforce_limit(std::size_t index);
    std::optional<std::size_t> any_running() const;
    void ask_queue();
    void answer_queue();
    void move_ends();
    std::optional<AllocationEvent> answer_about(Allocation& allocation);
    void end_stale_copy(std::size_t index, std::optional<std::size_t> coordinator);

    World& world_;
    std::vector<Allocation> all_;
    std::uint32_t next_host_ = 10;
    bool asks_queue_ = false;
    bool refused_any_ = false;
};

}  // namespace xorch::simulation
