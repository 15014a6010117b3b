// How full a cluster is kept, and how long gangs wait: the production reign over 64 nodes in
// virtual time, without faults, so that nothing but the scheduler decides.
//
// A gang's fair share of waiting is what a cluster that packs perfectly would need for all it owes
// others: what is left of the attempts that run when the gang becomes ready, which nobody may take
// away, and the gangs that go first in the order of the sweep, ready then or while it waits; in
// slot-seconds, divided by all slots. The thousands of single units that were ready before count
// for nothing, and so back-filling has no excuse.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <queue>

#include "coordinator/decide/reign.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t nodes = 64;
constexpr std::uint32_t cpus_per_node = 16;
constexpr double slots = nodes * cpus_per_node;

// Of all slot-seconds.
constexpr double gang_share = 0.2;

double seconds(Millis time) {
    return static_cast<double>(time.count()) / 1'000;
}

class Forgetful : public FactSink {
 public:
    Appended append(const FactBatch&) override {
        ++sequence;
        return {
            .sequence = sequence, .at = {.segment = 1, .fact = 0, .offset = 64 + sequence}
        };
    }

    std::uint64_t sequence = 0;
};

Axis numbers(const std::string& name, std::uint64_t count) {
    Axis axis{.name = name, .values = {}, .when = {}};
    for (std::uint64_t i = 0; i < count; ++i)
        axis.values.emplace_back(static_cast<std::int64_t>(i));
    return axis;
}

// Stages of small units in groups; each group makes a gang ready, so that gangs come over time.
struct Mix {
    Sweep sweep;
    std::vector<Millis> mean;  // by stage, how long its units take
};

Mix draw_mix(std::uint64_t seed) {
    Dice dice(seed);
    Mix drawn;
    drawn.sweep.name = "mix";
    drawn.sweep.tuning.suspect_after = 1'000h;
    drawn.sweep.tuning.lost_after = 2'000h;
    drawn.sweep.tuning.heartbeat_every = 1'000h;
    for (int kind = 0; kind < 8; ++kind) {
        Stage small;
        small.name = fmt::format("small{}", kind);
        small.argv = {small.name};
        small.canary = false;
        small.axes = {numbers("group", 6), numbers("member", 250)};
        const Millis small_mean = dice.between(Millis{20s}, Millis{300s});
        Stage wide = small;
        wide.name = fmt::format("wide{}", kind);
        wide.argv = {wide.name};
        wide.axes = {numbers("group", 6)};
        wide.needs = {small.name};
        wide.resources.ranks = static_cast<std::uint32_t>(dice.between(8, 256));
        // Their work is a fifth of the whole, whatever their width.
        const double work = 250 * seconds(small_mean) * gang_share / (1 - gang_share);
        const double mean = work / wide.resources.ranks;
        drawn.sweep.stages.push_back(small);
        drawn.sweep.stages.push_back(wide);
        drawn.mean.push_back(small_mean);
        drawn.mean.push_back(Millis{static_cast<std::int64_t>(mean * 1'000)});
    }
    return drawn;
}

class Cluster {
 public:
    explicit Cluster(std::uint64_t seed) : seed_(seed), mix_(draw_mix(seed)) {
        auto plan = Plan::make(mix_.sweep);
        XORCH_CHECK(plan.has_value(), plan.error().message);
        reign_ = std::make_unique<Reign>(State(std::move(*plan)), EpochNumber{1}, journal_, now_);
        reign_->on_tick(now_);
        reign_->on_allocation(
            now_,
            {
                AllocationSubmitted{AllocationId{1}, "job"}
        }
        );
        for (std::uint32_t i = 0; i < nodes; ++i) {
            AgentHello hello;
            hello.incarnation = {i + 1};
            hello.allocation = {1};
            hello.node = fmt::format("n{}", i + 1);
            hello.capacity.cpus = cpus_per_node;
            hello.first_unacknowledged = 1;
            reign_->on_agent_message(now_, hello.incarnation, hello);
        }
        obey();
    }

    // Until less is ready than the cluster has slots.
    void run() {
        while (!ends_.empty()) {
            look_at_gangs();
            if (is_full_ && ready_ranks() < slots) stop_counting();
            const End next = ends_.top();
            ends_.pop();
            pass(next.at - now_.boot);
            end(next);
            obey();
        }
        if (is_full_) stop_counting();
    }

    double utilisation() const { return counted_busy_ / (slots * seconds(counted_time_)); }

    struct Wait {
        double waited = 0;
        double fair = 0;
        std::uint32_t ranks = 0;
    };

    const std::vector<Wait>& waits() const { return waits_; }

    const State& state() const { return reign_->state(); }

 private:
    struct End {
        Millis at;
        IncarnationId agent;
        AssignedUnit attempt;
        Millis ran;

        bool operator<(const End& other) const {
            return std::tie(at, attempt.unit) > std::tie(other.at, other.attempt.unit);
        }
    };

    std::uint32_t ranks_of(UnitKey unit) const {
        return mix_.sweep.stages[unit.stage.value].resources.ranks;
    }

    void pass(Millis time) {
        now_.boot += time;
        now_.unix += time;
        busy_time_ += busy_ * seconds(time);
    }

    void end(const End& over) {
        running_.erase(over.attempt.unit);
        busy_ -= ranks_of(over.attempt.unit);
        used_[over.agent] -= std::min(used_[over.agent], lead_ranks(over));
        AttemptEnd how;
        how.ran = over.ran;
        how.rows = "{\"x\":1}\n";
        const EndReport report{
            ++reports_[over.agent], over.attempt.unit, over.attempt.attempt, how};
        reign_->on_agent_message(now_, over.agent, report);
        start_queued(over.agent);
    }

    // Of the gang on its leader's node.
    std::uint32_t lead_ranks(const End& over) const {
        const auto gang = leads_.find(over.attempt.unit);
        return gang == leads_.end() ? 1 : gang->second;
    }

    void obey() {
        reign_->on_durable(now_, journal_.sequence);
        for (const Outgoing& message : reign_->take()) {
            const auto* to = std::get_if<ToAgent>(&message);
            const auto* keys = to == nullptr ? nullptr : std::get_if<AssignKeys>(&to->message);
            if (keys == nullptr) continue;
            for (const AssignedUnit& unit : keys->units)
                queues_[to->to].push_back(unit);
            start_queued(to->to);
        }
    }

    void start_queued(IncarnationId agent) {
        std::deque<AssignedUnit>& queue = queues_[agent];
        while (!queue.empty()) {
            const UnitKey unit = queue.front().unit;
            const auto gang = state().gangs().find(unit);
            const bool is_gang = gang != state().gangs().end();
            const std::uint32_t here = is_gang ? gang->second.front().ranks : 1;
            if (used_[agent] + here > cpus_per_node) return;
            if (is_gang) leads_[unit] = here;
            used_[agent] += here;
            start(agent, queue.front());
            queue.pop_front();
        }
    }

    void start(IncarnationId agent, AssignedUnit attempt) {
        const Millis ran = duration_of(attempt.unit);
        busy_ += ranks_of(attempt.unit);
        running_[attempt.unit] = now_.boot + ran;
        ends_.push({now_.boot + ran, agent, attempt, ran});
        reign_->on_agent_message(now_, agent, AttemptStarted{attempt.unit, attempt.attempt, 1});
        if (ranks_of(attempt.unit) == 1) return;
        const auto ready = ready_.extract(attempt.unit);
        // Otherwise it started as soon as it was ready.
        Wait wait = ready.empty() ? Wait{} : ready.mapped();
        if (!ready.empty()) wait.waited += seconds(now_.boot);
        waits_.push_back(wait);
    }

    Millis duration_of(UnitKey unit) const {
        const Millis mean = mix_.mean[unit.stage.value];
        Dice dice(mix(mix(seed_, unit.stage.value), unit.index));
        return dice.between(mean / 5, mean * 9 / 5);
    }

    // Gangs that became ready and did not start.
    void look_at_gangs() {
        double owed = 0;
        for (const auto& [unit, until] : running_)
            owed += ranks_of(unit) * seconds(until - now_.boot);
        for (std::uint32_t s = 1; s < mix_.sweep.stages.size(); s += 2) {
            for (auto i = state().first_ready(StageIndex{s}, 0); i;
                 i = state().first_ready(StageIndex{s}, *i + 1)) {
                const UnitKey unit{StageIndex{s}, *i};
                const double work = ranks_of(unit) * seconds(duration_of(unit));
                const Wait wait{-seconds(now_.boot), owed / slots, ranks_of(unit)};
                const auto [place, is_new] = ready_.emplace(unit, wait);
                for (auto later = std::next(place); is_new && later != ready_.end(); ++later)
                    later->second.fair += work / slots;
                owed += work;
            }
        }
    }

    double ready_ranks() const {
        double ranks = 0;
        for (std::uint32_t s = 0; s < mix_.sweep.stages.size(); ++s) {
            const StageIndex stage{s};
            ranks += state().stage(stage).in(UnitPhase::ready) *
                     static_cast<double>(mix_.sweep.stages[s].resources.ranks);
        }
        return ranks;
    }

    void stop_counting() {
        is_full_ = false;
        counted_busy_ = busy_time_;
        counted_time_ = now_.boot - began_;
    }

    std::uint64_t seed_;
    Mix mix_;
    Now now_{Millis{1'000'000}, Millis{1'700'000'000'000}};
    Millis began_{now_.boot};
    Forgetful journal_;
    std::unique_ptr<Reign> reign_;
    std::priority_queue<End> ends_;
    std::map<IncarnationId, std::deque<AssignedUnit>> queues_;
    std::map<IncarnationId, std::uint32_t> used_;
    std::map<IncarnationId, std::uint64_t> reports_;
    std::map<UnitKey, std::uint32_t> leads_;
    std::map<UnitKey, Millis> running_;  // until then
    std::map<UnitKey, Wait> ready_;      // gangs that wait
    std::vector<Wait> waits_;
    double busy_ = 0;
    double busy_time_ = 0;
    bool is_full_ = true;
    double counted_busy_ = 0;
    Millis counted_time_{0};
};

TEST(Utilisation, OfSixtyFourNodesWithAFifthOfGangWorkIsNinetyFivePercentAndNoGangStarves) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Cluster cluster(seed);
        cluster.run();
        EXPECT_TRUE(cluster.state().complete());
        EXPECT_GE(cluster.utilisation(), 0.95);
        EXPECT_EQ(cluster.waits().size(), 48U) << "each gang was looked at once";
        double worst = 0;
        double longest = 0;
        for (const auto& [waited, fair, ranks] : cluster.waits()) {
            EXPECT_LE(waited, 2 * fair) << "a gang of " << ranks << " ranks";
            if (fair > 0) worst = std::max(worst, waited / fair);
            longest = std::max(longest, waited);
        }
        fmt::print(
            "seed {}: utilisation {:.1f} %, longest wait of a gang {:.0f} s, at most {:.2f} times "
            "its fair share\n",
            seed,
            100 * cluster.utilisation(),
            longest,
            worst
        );
    }
}

}  // namespace
}  // namespace xorch::simulation
