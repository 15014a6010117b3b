// Which ready units go to which agents. Pure: the same state and presence give the same answer.
//
// Stages go first in the order of the file, units in plan order. An agent gets what fits beside
// what it holds. Only units known to be short are queued beyond that, about 0.2 s of work, so that
// they never wait for a round trip; a long one stays here, where an idle agent can still get it.

#include <algorithm>
#include <cmath>
#include <set>

#include "coordinator/decide/rules/rules.h"
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

void add(Capacity& used, const Resources& each, std::uint32_t count) {
    used.cpus += each.cpus * count;
    used.gpus += each.gpus * count;
    used.memory.value += each.memory.value * count;
}

// The units of one stage that may be assigned now, in plan order, each handed out once.
class Candidates {
 public:
    Candidates(const State& state, const Presence& presence, StageIndex stage)
        : state_(state),
          presence_(presence),
          stage_(stage),
          is_wave_(state.stage(stage).wave < StageState::last_wave) {
        if (is_wave_) list_canaries();
        find_next();
    }

    std::optional<std::uint32_t> peek() const { return next_; }

    std::uint32_t pop() {
        const std::uint32_t index = *next_;
        find_next();
        return index;
    }

    // They are handed out again, before the rest.
    void put_back(const std::vector<std::uint32_t>& indices) {
        if (indices.empty()) return;
        if (next_) returned_.push_back(*next_);
        returned_.insert(returned_.end(), indices.rbegin(), indices.rend());
        find_next();
    }

 private:
    bool is_delayed(std::uint32_t index) const {
        return !presence_.delayed.empty() && presence_.delayed.contains({stage_, index});
    }

    // Those that were tried before, and as many new ones as the wave still takes.
    void list_canaries() {
        const StageState& stage = state_.stage(stage_);
        std::set<std::uint32_t> known;
        for (const Canary& canary : stage.canaries) {
            known.insert(canary.index);
            const bool is_ready = state_.first_ready(stage_, canary.index) == canary.index;
            if (is_ready && !is_delayed(canary.index)) canaries_.push_back(canary.index);
        }
        const std::uint32_t size = canaries_of_wave[stage.wave];
        std::size_t room = size - std::min<std::size_t>(size, known.size());
        auto index = state_.first_ready(stage_, 0);
        for (; index && room > 0; index = state_.first_ready(stage_, *index + 1)) {
            if (known.contains(*index) || is_delayed(*index)) continue;
            canaries_.push_back(*index);
            --room;
        }
    }

    void find_next() {
        next_.reset();
        if (!returned_.empty()) {
            next_ = returned_.back();
            returned_.pop_back();
            return;
        }
        if (is_wave_) {
            if (cursor_ < canaries_.size()) next_ = canaries_[cursor_++];
            return;
        }
        while (const auto index = state_.first_ready(stage_, cursor_)) {
            cursor_ = *index + 1;
            if (is_delayed(*index)) continue;
            next_ = index;
            return;
        }
    }

    const State& state_;
    const Presence& presence_;
    StageIndex stage_;
    bool is_wave_;
    std::vector<std::uint32_t> canaries_;
    std::vector<std::uint32_t> returned_;  // the next one last
    std::uint32_t cursor_ = 0;
    std::optional<std::uint32_t> next_;
};

class Scheduler {
 public:
    Scheduler(const State& state, const Presence& presence, Now now)
        : state_(state),
          presence_(presence),
          now_(now),
          waiting_(awaiting_successors(state, presence, now)),
          trusted_(state, presence, now) {
        for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s)
            candidates_.emplace_back(state, presence, StageIndex{s});
        for (const std::uint32_t index : state.present_agents()) {
            const AgentState& agent = state.agents()[index];
            if (agent.runs_alone) reserved_.insert(agent.node);
        }
    }

    Effects run() {
        for (const std::uint32_t index : state_.present_agents()) {
            const AgentState& agent = state_.agents()[index];
            if (!takes_work(agent)) continue;
            if (agent.holding.empty() && assign_alone(agent)) continue;
            if (!any_candidates()) continue;
            fill(agent);
        }
        return std::move(effects_);
    }

 private:
    bool takes_work(const AgentState& agent) const {
        return is_there(state_, presence_, agent, now_) && !waiting_.contains(agent.allocation) &&
               !reserved_.contains(agent.node) && trusted_.may_work(agent.node);
    }

    bool any_candidates() const {
        return std::any_of(candidates_.begin(), candidates_.end(), [](const Candidates& each) {
            return each.peek().has_value();
        });
    }

    bool node_is_idle(const std::string& node) const {
        const std::vector<std::uint32_t>& present = state_.present_agents();
        return std::all_of(present.begin(), present.end(), [&](std::uint32_t index) {
            const AgentState& agent = state_.agents()[index];
            return agent.node != node || agent.holding.empty();
        });
    }

    // A suspect is tried as soon as a node has nothing else, at the latest when nothing else is
    // left to do. Waiting is safe: units end.
    bool assign_alone(const AgentState& agent) {
        if (state_.ready_alone().empty() || busy_nodes_.contains(agent.node) ||
            !node_is_idle(agent.node)) {
            return false;
        }
        for (const UnitKey unit : state_.ready_alone()) {
            const Resources& each = state_.plan().stage(unit.stage).resources;
            const bool fits = fitting(agent.capacity, {}, each) > 0;
            if (!fits || presence_.delayed.contains(unit) || tried_alone_.contains(unit)) continue;
            if (trusted_.asks_for_another(unit, agent.node)) continue;
            tried_alone_.insert(unit);
            reserved_.insert(agent.node);
            assign(agent, {unit}, true);
            return true;
        }
        return false;
    }

    void fill(const AgentState& agent) {
        std::vector<std::uint32_t> load = agent.load;
        std::vector<UnitKey> units;
        for (std::uint32_t s = 0; s < candidates_.size(); ++s) {
            if (!candidates_[s].peek()) continue;
            const Resources& each = state_.plan().stage(StageIndex{s}).resources;
            const std::uint32_t slots = fitting(agent.capacity, {}, each);
            if (slots == 0) continue;
            std::uint32_t room = fitting(agent.capacity, used(load, load.size()), each);
            room = std::max(room, queue_room(agent, load, s, slots));
            // Later stages must not keep for ever what this one waits for.
            if (room == 0 && fitting(agent.capacity, used(load, s + 1), each) > 0) break;
            std::vector<std::uint32_t> passed_over;
            while (room > 0 && candidates_[s].peek() && passed_over.size() < passed_over_max) {
                const UnitKey unit{StageIndex{s}, candidates_[s].pop()};
                if (trusted_.asks_for_another(unit, agent.node)) {
                    passed_over.push_back(unit.index);
                    continue;
                }
                units.push_back(unit);
                ++load[s];
                --room;
            }
            candidates_[s].put_back(passed_over);
        }
        assign(agent, std::move(units), false);
    }

    // What the units of the first `stages` stages need.
    Capacity used(const std::vector<std::uint32_t>& load, std::size_t stages) const {
        Capacity sum;
        for (std::uint32_t s = 0; s < stages; ++s) {
            if (load[s] > 0) add(sum, state_.plan().stage(StageIndex{s}).resources, load[s]);
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
        const double most = queued_work_ms / std::max(*duration, queued_work_ms / queue_depth_max);
        const double depth = std::max(1.0, std::floor(most));
        // How often over the agent is full already.
        double rounds = 0;
        for (std::uint32_t s = 0; s < load.size(); ++s) {
            if (load[s] == 0) continue;
            const Resources& each = state_.plan().stage(StageIndex{s}).resources;
            const std::uint32_t at_once = std::max(1U, fitting(agent.capacity, {}, each));
            rounds += static_cast<double>(load[s]) / at_once;
        }
        if (rounds > 1 + depth / 2) return 0;
        return static_cast<std::uint32_t>(std::max(0.0, (1 + depth - rounds) * slots));
    }

    void assign(const AgentState& agent, std::vector<UnitKey> units, bool alone) {
        if (units.empty()) return;
        busy_nodes_.insert(agent.node);
        UnitsAssigned fact{.incarnation = agent.incarnation, .alone = alone, .units = {}};
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
    std::set<AllocationId> waiting_;
    TrustedNodes trusted_;
    std::vector<Candidates> candidates_;  // by stage
    std::set<std::string> reserved_;      // nodes that try a suspect
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
