#pragma once

// One life of an agent on a simulated node: the production agent and spool, scripted attempts, and
// in place of sockets and the file system those of the world. What worker/agent_loop.h is on a real
// node.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/wire/endpoint.h"
#include "tests/simulation/scripted_attempts.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/world.h"
#include "worker/agent.h"
#include "worker/spool.h"

namespace xorch::simulation {

struct AgentPlace {
    AllocationId allocation;
    std::uint32_t host = 0;
    Millis end{0};  // of the allocation, on the timeline; 0 = without end
};

class AgentProcess {
 public:
    AgentProcess(World& world, std::uint32_t number, const AgentPlace& place);

    void start();
    void receive(std::uint32_t link, const std::string& frame);
    void on_disconnected(std::uint32_t link);

    // TERM from its keeper.
    void terminate();

    // kill -9; its keeper ends every process of its attempts.
    void kill();

    bool alive() const { return alive_; }

    const AgentPlace& place() const { return place_; }

    // The batch system moved the end of its allocation. The latest one bounds what it may run; one
    // that came closer may be heard of too late.
    void on_end_moved(Millis end) {
        place_.end = std::max(place_.end, end);
        soonest_end_ = std::min(soonest_end_, end);
    }

    void on_end_lifted() { place_.end = Millis{0}; }

    IncarnationId incarnation() const { return incarnation_; }

    bool is_connected() const { return link_.has_value(); }

    // Connected to that epoch, without a break since so long ago.
    bool was_connected_for(EpochNumber epoch, Millis how_long) const;

    std::size_t attempts() const { return attempts_->count(); }

    // By what really lives, leading ranks of gangs included.
    std::uint32_t cpus_in_use() const { return attempts_->cpus(); }

    DiskView& disk() { return view_; }

 private:
    void look_for_coordinator();
    std::optional<Endpoint> find_coordinator();
    void turn();
    void plan_tick();
    void hear_attempts();
    void keep_spool(const AgentOutput& out);
    void send(const std::vector<AgentMessage>& messages);
    void check_kills();
    void check_order(const AttemptOrder& order);

    Now now() const { return world_.now_on(place_.host); }

    World& world_;
    std::uint32_t number_;
    AgentPlace place_;
    IncarnationId incarnation_;
    std::string name_;
    DiskView view_;
    Dice dice_;
    bool alive_ = true;
    std::optional<std::uint32_t> link_;
    EpochNumber link_epoch_;
    Millis linked_{0};
    Millis soonest_end_;                // of its allocation, of all that were said
    std::optional<Millis> told_to_go_;  // by the first TERM
    bool hears_term_ = false;           // just now
    std::optional<Agent> agent_;
    std::optional<Spool> spool_;
    std::unique_ptr<ScriptedAttempts> attempts_;
    std::vector<AttemptNews> news_;
    Millis tick_planned_ = Millis::max();
};

}  // namespace xorch::simulation
