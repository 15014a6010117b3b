#include "coordinator/report/goodput.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>

#include "core/capacity.h"

namespace xorch {

namespace {

double count(Millis time) {
    return static_cast<double>(time.count());
}

// An agent's life in an allocation.
struct AgentTime {
    AllocationId allocation;
    std::string node;
    Capacity capacity;
    std::optional<Millis> gone;
    bool in_order = false;
    bool told_by_time = false;  // it left because its time was up, not because work was
    std::optional<Millis> first_start;
    Millis last_end{0};
    double busy = 0;  // node-milliseconds of attempts
};

struct AllocationTime {
    bool started = false;
    Millis began{0};
    std::optional<Millis> ended;
    bool used = false;  // some agent came from it
    bool all_in_order = true;
    Millis last_gone{0};
};

struct OpenAttempt {
    IncarnationId agent;
    AttemptNumber attempt;
    Millis given{0};
    std::optional<Millis> sealed;  // its newest checkpoint
    bool alone = false;
    std::vector<GangShare> gang{};  // empty = one rank
};

struct Span {
    Millis begin;
    Millis length;
};

class Accountant {
 public:
    explicit Accountant(const Plan& plan) : plan_(plan) {}

    void hear(const FactBatch& batch) {
        for (const Fact& fact : batch.facts)
            std::visit([&](const auto& each) { on(each, batch.at_unix); }, fact);
    }

    // `now` is the end of what runs still.
    Goodput settle(Millis now) {
        for (const auto& [unit, attempt] : open_) {
            // What waits in an agent's queue does not run; whatever is more than the node, neither.
            for (const GangShare& share : shares_of(attempt)) {
                AgentTime* agent = find(share.agent);
                if (agent == nullptr) continue;
                const double room = count(now - agent->first_start.value_or(attempt.given));
                const Span span{attempt.given, now - attempt.given};
                const double ran = use_on(*agent, unit, span, ranks_of(attempt, share));
                const double most = std::max(0.0, room - (agent->busy - ran));
                agent->busy -= ran - std::min(ran, most);
                sum_.running += std::min(ran, most);
            }
        }
        for (const auto& [unit, kept] : kept_)
            sum_.counts += kept;
        look_at_agents();
        std::map<std::pair<AllocationId, std::string>, std::vector<const AgentTime*>> nodes;
        for (const IncarnationId incarnation : joined_) {
            const AgentTime& agent = agents_.at(incarnation);
            nodes[{agent.allocation, agent.node}].push_back(&agent);
        }
        for (const auto& [where, agents] : nodes)
            settle_node(agents, allocations_[where.first], now);
        settle_unused(now);
        return sum_;
    }

 private:
    void on(const AllocationStarted& fact, Millis at) {
        AllocationTime& allocation = allocations_[fact.allocation];
        if (!allocation.started) allocation.began = at;
        if (fact.began_unix != Millis{0}) {
            allocation.began = std::min(allocation.began, fact.began_unix);
        }
        allocation.started = true;
    }

    void on(const AllocationEnded& fact, Millis at) { allocations_[fact.allocation].ended = at; }

    void on(const AgentJoined& fact, Millis) {
        const auto [agent, is_new] = agents_.try_emplace(fact.incarnation);
        agent->second.allocation = fact.allocation;
        agent->second.node = fact.node;
        agent->second.capacity = fact.capacity;
        agent->second.gone.reset();
        if (is_new) joined_.push_back(fact.incarnation);
    }

    void on(const AgentGone& fact, Millis at) {
        AgentTime* agent = find(fact.incarnation);
        if (agent == nullptr) return;
        agent->gone = at;
        agent->in_order = fact.in_order;
        agent->told_by_time =
            fact.reason == reason_allocation_ends || fact.reason == reason_preempted;
    }

    void on(const UnitsAssigned& fact, Millis at) {
        for (const AssignedUnit& each : fact.units)
            open_[each.unit] = {fact.incarnation, each.attempt, at, {}, fact.alone, fact.gang};
    }

    void on(const CheckpointSealed& fact, Millis at) {
        const auto open = open_.find(fact.unit);
        if (open != open_.end() && open->second.attempt == fact.attempt) open->second.sealed = at;
    }

    void on(const UnitFinished& fact, Millis at) {
        const Ended ended = end(fact.unit, fact.attempt, fact.end, at);
        sum_.counts += ended.kept + ended.rest + take_kept(fact.unit);
    }

    // That it is hopeless is what the time was spent to learn.
    void on(const UnitFoundHopeless& fact, Millis at) {
        const Ended ended = end(fact.unit, fact.attempt, fact.end, at);
        sum_.counts += ended.kept + ended.rest + take_kept(fact.unit);
    }

    void on(const UnitGivenBack& fact, Millis at) {
        const Ended ended = end(fact.unit, fact.attempt, fact.end, at);
        if (ended.kept > 0) kept_[fact.unit] += ended.kept;
        (is_known_stop(fact.end.cause) ? sum_.repeated : sum_.lost) += ended.rest;
    }

    void on(const UnitFailed& fact, Millis at) {
        const Ended ended = end(fact.unit, fact.attempt, fact.end, at);
        sum_.lost += ended.kept + ended.rest + take_kept(fact.unit);
    }

    void on(const UnitsCancelled& fact, Millis at) {
        for (const UnitRange& range : fact.ranges) {
            std::erase_if(open_, [&](const auto& entry) {
                const auto& [unit, attempt] = entry;
                if (!contains(range, unit)) return false;
                const Span span{attempt.given, at - attempt.given};
                sum_.lost += use(unit, attempt, span);
                return true;
            });
            std::erase_if(kept_, [&](const auto& entry) {
                if (!contains(range, entry.first)) return false;
                sum_.lost += entry.second;
                return true;
            });
        }
    }

    template <class Other>
    void on(const Other&, Millis) {}

    // Node-milliseconds of an attempt, split at its newest checkpoint.
    struct Ended {
        double kept = 0;
        double rest = 0;
    };

    Ended end(UnitKey unit, AttemptNumber number, const AttemptEnd& how, Millis at) {
        const auto open = open_.find(unit);
        if (open == open_.end() || open->second.attempt != number) return {};
        const OpenAttempt attempt = open->second;
        open_.erase(open);
        if (how.ran <= Millis{0}) return {};
        // Whoever reports a lost agent knows only for how long the attempt ran.
        const bool is_told = how.started_unix != Millis{0};
        const Span span{is_told ? how.started_unix : at - how.ran, how.ran};
        const double used = use(unit, attempt, span);
        if (!attempt.sealed) return {0, used};
        const Millis until = std::clamp(*attempt.sealed - span.begin, Millis{0}, span.length);
        const double kept = used * count(until) / count(span.length);
        return {kept, used - kept};
    }

    double take_kept(UnitKey unit) {
        const auto kept = kept_.extract(unit);
        return kept.empty() ? 0 : kept.mapped();
    }

    static std::vector<GangShare> shares_of(const OpenAttempt& attempt) {
        return attempt.gang.empty() ? std::vector<GangShare>{{attempt.agent, 1}} : attempt.gang;
    }

    // Who runs alone has the whole node, whatever it needs of it: that is no number of ranks.
    static std::uint32_t ranks_of(const OpenAttempt& attempt, const GangShare& share) {
        return attempt.alone ? 0 : share.ranks;
    }

    // All its nodes were busy with the unit for this long.
    double use(UnitKey unit, const OpenAttempt& attempt, Span span) {
        double used = 0;
        for (const GangShare& share : shares_of(attempt)) {
            AgentTime* agent = find(share.agent);
            if (agent != nullptr) used += use_on(*agent, unit, span, ranks_of(attempt, share));
        }
        return used;
    }

    // `ranks`: 0 = the whole node.
    double use_on(AgentTime& agent, UnitKey unit, Span span, std::uint32_t ranks) const {
        if (span.length <= Millis{0}) return 0;
        const Resources& each = plan_.stage(unit.stage).resources;
        const std::uint32_t slots = std::max(1U, fitting(agent.capacity, {}, each));
        const double used = count(span.length) * (ranks == 0 ? 1 : double{1} * ranks / slots);
        agent.first_start = std::min(agent.first_start.value_or(span.begin), span.begin);
        agent.last_end = std::max(agent.last_end, span.begin + span.length);
        agent.busy += used;
        return used;
    }

    AgentTime* find(IncarnationId incarnation) {
        const auto known = agents_.find(incarnation);
        return known == agents_.end() ? nullptr : &known->second;
    }

    // Notes of every allocation when its agents left: one look at each of many agents.
    void look_at_agents() {
        for (const auto& [incarnation, agent] : agents_) {
            AllocationTime& allocation = allocations_[agent.allocation];
            allocation.used = true;
            allocation.all_in_order = allocation.all_in_order && agent.gone && agent.in_order;
            allocation.last_gone = std::max(allocation.last_gone, agent.gone.value_or(Millis{0}));
        }
    }

    // When its nodes were given back. The queue is asked once a minute, and so an end is known
    // late; a job whose agents all left in order ends with the last of them.
    static Millis end_of(const AllocationTime& allocation, Millis now) {
        const Millis end = allocation.ended.value_or(now);
        const bool agents_know = allocation.used && allocation.all_in_order;
        return agents_know ? std::min(allocation.last_gone, end) : end;
    }

    // `agents` lived on one node, one after the other.
    void settle_node(
        const std::vector<const AgentTime*>& agents, const AllocationTime& allocation, Millis now
    ) {
        const Millis end = end_of(allocation, now);
        Millis from = allocation.began;
        for (const AgentTime* agent : agents) {
            const Millis until = std::max(from, std::min(agent->gone.value_or(end), end));
            const Millis first = std::clamp(agent->first_start.value_or(until), from, until);
            sum_.start_up += count(first - from);
            Millis last = std::clamp(agent->last_end, first, until);
            if (agent->told_by_time) {
                sum_.drain += count(until - last);
            } else {
                last = until;
            }
            sum_.idle += std::max(0.0, count(last - first) - agent->busy);
            from = until;
        }
        const bool in_order = agents.back()->in_order;
        (in_order ? sum_.idle : sum_.lost) += count(std::max(end - from, Millis{0}));
    }

    // Of an allocation that no agent came from one node is known: that of the batch script.
    void settle_unused(Millis now) {
        for (const auto& [id, allocation] : allocations_) {
            if (allocation.used || !allocation.started) continue;
            sum_.lost += count(std::max(end_of(allocation, now) - allocation.began, Millis{0}));
        }
    }

    const Plan& plan_;
    Goodput sum_;
    std::map<AllocationId, AllocationTime> allocations_;
    std::unordered_map<IncarnationId, AgentTime> agents_;
    std::vector<IncarnationId> joined_;  // in this order
    std::unordered_map<UnitKey, OpenAttempt> open_;
    std::unordered_map<UnitKey, double> kept_;  // of open units, by earlier attempts
};

struct Part {
    std::string_view name;
    double Goodput::*value;
};

constexpr std::array<Part, 7> parts{
    {{"counts", &Goodput::counts},
     {"running", &Goodput::running},
     {"start-up", &Goodput::start_up},
     {"drain", &Goodput::drain},
     {"repeated work", &Goodput::repeated},
     {"idle", &Goodput::idle},
     {"lost", &Goodput::lost}}
};

std::string spell_node_time(double ms) {
    constexpr double minute = 60'000;
    if (ms < minute) return fmt::format("{:.1f} node-seconds", ms / 1'000);
    if (ms < 60 * minute) return fmt::format("{:.1f} node-minutes", ms / minute);
    return fmt::format("{:.1f} node-hours", ms / (60 * minute));
}

}  // namespace

double Goodput::allocated() const {
    double sum = 0;
    for (const Part& part : parts)
        sum += this->*part.value;
    return sum;
}

double Goodput::share() const {
    return allocated() > 0 ? counts / allocated() : 0;
}

Result<Goodput> measure_goodput(const SweepReader& sweep) {
    Accountant accountant(sweep.plan());
    const auto visit = [&](const FactBatch& batch, FactLocation) -> Result<void> {
        accountant.hear(batch);
        return {};
    };
    const auto end = replay_journal(sweep.disk(), sweep.layout().journal(), visit);
    if (!end) return tl::unexpected(end.error());
    return accountant.settle(sweep.last_unix());
}

std::vector<std::string> goodput_lines(const Goodput& goodput) {
    const double all = goodput.allocated();
    if (all <= 0) return {};
    std::string line =
        fmt::format("goodput: {:.0f} % of {}", 100 * goodput.share(), spell_node_time(all));
    std::string_view separator = "; ";
    for (const Part& part : parts) {
        const double share = 100 * (goodput.*part.value) / all;
        if (part.value == &Goodput::counts || share < 0.5) continue;
        line += fmt::format("{}{} {:.0f} %", separator, part.name, share);
        separator = ", ";
    }
    return {line};
}

Object goodput_json(const Goodput& goodput) {
    constexpr double second = 1'000;
    return {
        {"goodput",     goodput.share()             },
        {"allocated_s", goodput.allocated() / second},
        {"counts_s",    goodput.counts / second     },
        {"running_s",   goodput.running / second    },
        {"start_up_s",  goodput.start_up / second   },
        {"drain_s",     goodput.drain / second      },
        {"repeated_s",  goodput.repeated / second   },
        {"idle_s",      goodput.idle / second       },
        {"lost_s",      goodput.lost / second       }
    };
}

}  // namespace xorch
