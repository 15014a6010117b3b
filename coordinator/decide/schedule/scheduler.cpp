// Which ready units go to which agents. Pure: the same state and presence give the same answer.
//
// Stages go first in the order of the file, units in plan order. An agent gets what fits beside
// what it holds. Only units known to be short are queued beyond that, about 0.2 s of work, so that
// they never wait for a round trip; a long one stays here, where an idle agent can still get it.
// Gangs went before (gang_scheduler.cpp): what is kept for the next one is used only until it can
// start.

#include <algorithm>
#include <cmath>
#include <set>

#include "coordinator/decide/schedule/candidates.h"
#include "coordinator/decide/schedule/gangs.h"
#include "coordinator/decide/schedule/takers.h"
#include "core/capacity.h"
#include "core/planted.h"

namespace xorch {

namespace {

// Units that take at least this long are never queued behind others.
constexpr double long_unit_ms = 2'000;

// Work that an agent holds in advance: several round trips and group commits.
constexpr double queued_work_ms = 200;
constexpr double queue_depth_max = 512;

// Units that an agent is not given because another node shall try them, in one look at a stage.
constexpr std::size_t passed_over_max = 64;

// Assignments per message: their parameters and inputs must fit a frame of 8 MiB with ease.
constexpr std::size_t units_per_message = 256;

class Scheduler {
 public:
    Scheduler(const State& state, const Presence& presence, Now now)
        : state_(state),
          presence_(presence),
          now_(now),
          takers_(state, presence, now),
          reservation_(reserve_for_gang(state, presence, now)) {
        for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s)
            candidates_.emplace_back(state, presence, StageIndex{s});
        for (const auto& [unit, shares] : state.gangs()) {
            for (const GangShare& share : shares)
                in_gangs_.insert(share.agent);
        }
    }

    Effects run() {
        for (const std::uint32_t index : state_.present_agents()) {
            const AgentState& agent = state_.agents()[index];
            if (!takers_.takes_work(agent)) continue;
            if (agent.is_idle() && assign_alone(agent)) continue;
            if (!any_candidates()) continue;
            fill(agent);
        }
        return std::move(effects_);
    }

 private:
    const Resources& resources(std::uint32_t stage) const {
        return state_.plan().stage(StageIndex{stage}).resources;
    }

    bool any_candidates() const {
        for (std::uint32_t s = 0; s < candidates_.size(); ++s) {
            if (candidates_[s].peek() && !resources(s).is_gang()) return true;
        }
        return false;
    }

    // A suspect is tried as soon as a node has nothing else, at the latest when nothing else is
    // left to do. Waiting is safe: units end.
    bool assign_alone(const AgentState& agent) {
        if (state_.ready_alone().empty() || busy_nodes_.contains(agent.node) ||
            !takers_.is_idle(agent.node)) {
            return false;
        }
        for (const UnitKey unit : state_.ready_alone()) {
            const Resources& each = state_.plan().stage(unit.stage).resources;
            const bool fits = !each.is_gang() && fitting(agent.capacity, {}, each) > 0;
            if (!fits || presence_.delayed.contains(unit) || tried_alone_.contains(unit)) continue;
            if (takers_.trusted().asks_for_another(unit, agent.node)) continue;
            tried_alone_.insert(unit);
            takers_.reserve(agent.node);
            assign(agent, {unit}, true);
            return true;
        }
        return false;
    }

    void fill(const AgentState& agent) {
        std::vector<std::uint32_t> load = agent.load;
        std::vector<UnitKey> units;
        for (std::uint32_t s = 0; s < candidates_.size(); ++s) {
            const Resources& each = resources(s);
            if (!candidates_[s].peek() || each.is_gang()) continue;
            const std::uint32_t slots = fitting(agent.capacity, {}, each);
            if (slots == 0) continue;
            std::uint32_t room = fitting(agent.capacity, used(load, load.size()), each);
            room = std::max(room, queue_room(agent, load, s, slots));
            // Later stages must not keep for ever what this one waits for.
            if (room == 0 && fitting(agent.capacity, used(load, s + 1), each) > 0) break;
            const auto& duration = presence_.duration_ms[s];
            if (reservation_) {
                room = reservation_->room_beside(agent, each, duration, room, now_);
            }
            const std::uint32_t before = load[s];
            std::vector<std::uint32_t> passed_over;
            while (room > 0 && candidates_[s].peek() && passed_over.size() < passed_over_max) {
                const UnitKey unit{StageIndex{s}, candidates_[s].pop()};
                if (takers_.trusted().asks_for_another(unit, agent.node)) {
                    passed_over.push_back(unit.index);
                    continue;
                }
                units.push_back(unit);
                ++load[s];
                --room;
            }
            candidates_[s].put_back(passed_over);
            if (reservation_) reservation_->add(agent, each, duration, load[s] - before, now_);
        }
        assign(agent, std::move(units), false);
    }

    // What the units of the first `stages` stages need.
    Capacity used(const std::vector<std::uint32_t>& load, std::size_t stages) const {
        Capacity sum;
        for (std::uint32_t s = 0; s < stages; ++s) {
            if (load[s] > 0) occupy(sum, resources(s), load[s]);
        }
        return sum;
    }

    // How many short units the agent takes beyond what fits. Its queue is filled when it is half
    // empty, not after every unit: one fact and one message then carry many units.
    std::uint32_t queue_room(
        const AgentState& agent,
        const std::vector<std::uint32_t>& load,
        std::uint32_t stage,
        std::uint32_t slots
    ) const {
        const std::optional<double>& duration = presence_.duration_ms[stage];
        const bool is_wave = state_.stage(StageIndex{stage}).wave < StageState::last_wave;
        if (!duration || *duration >= long_unit_ms || is_wave) return 0;
        // Ranks start on the slots of a node without asking it: nobody may wait for these there.
        if (in_gangs_.contains(agent.incarnation)) return 0;
        const double most = queued_work_ms / std::max(*duration, queued_work_ms / queue_depth_max);
        const double depth = std::max(1.0, std::floor(most));
        const bool is_kept = reservation_ && reservation_->used.contains(agent.incarnation);
        if (is_kept && !reservation_->ends_before((depth + 2) * *duration, now_)) return 0;
        // How often over the agent is full already.
        double rounds = 0;
        for (std::uint32_t s = 0; s < load.size(); ++s) {
            if (load[s] == 0) continue;
            const Resources& each = resources(s);
            const std::uint32_t at_once = std::max(1U, fitting(agent.capacity, {}, each));
            rounds += static_cast<double>(load[s]) / at_once;
        }
        if (rounds > 1 + depth / 2) return 0;
        return static_cast<std::uint32_t>(std::max(0.0, (1 + depth - rounds) * slots));
    }

    void assign(const AgentState& agent, std::vector<UnitKey> units, bool alone) {
        if (units.empty()) return;
        busy_nodes_.insert(agent.node);
        UnitsAssigned fact{
            .incarnation = agent.incarnation, .alone = alone, .units = {}, .gang = {}};
        for (const UnitKey unit : units) {
            const std::uint32_t last = state_.unit(unit).attempt;
            const bool reuse = planted::has(planted::Bug::attempt_reused) && last > 0;
            fact.units.push_back({unit, AttemptNumber{reuse ? last : last + 1}});
        }
        for (std::size_t begin = 0; begin < fact.units.size(); begin += units_per_message) {
            const std::size_t end = std::min(begin + units_per_message, fact.units.size());
            const auto from = fact.units.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto to = fact.units.begin() + static_cast<std::ptrdiff_t>(end);
            AssignKeys keys{
                .units = {from, to},
                  .alone = alone
            };
            effects_.messages.push_back(ToAgent{agent.incarnation, std::move(keys)});
        }
        effects_.facts.push_back(std::move(fact));
    }

    const State& state_;
    const Presence& presence_;
    Now now_;
    Takers takers_;
    std::optional<Reservation> reservation_;
    std::set<IncarnationId> in_gangs_;
    std::vector<Candidates> candidates_;  // by stage
    std::set<std::string> busy_nodes_;    // nodes that got work just now
    std::set<UnitKey> tried_alone_;
    Effects effects_;
};

}  // namespace

Effects schedule(const State& state, const Presence& presence, Now now) {
    if (state.paused() || presence.stopping != Stopping::no) return {};
    return Scheduler(state, presence, now).run();
}

}  // namespace xorch
