// Which gang starts next, and what is kept free for the one that has to wait.

#include <algorithm>
#include <utility>

#include "coordinator/decide/schedule/candidates.h"
#include "coordinator/decide/schedule/gangs.h"
#include "coordinator/decide/schedule/outlook.h"
#include "coordinator/decide/schedule/takers.h"
#include "core/capacity.h"

namespace xorch {

namespace {

// What is expected to be half done when the gang could start is let in. Expectations are averages,
// and the gang takes whatever becomes free first: asking for more left a simulated cluster emptier
// (94.5 instead of 95.9 %) for waits that were no shorter.
constexpr double done_by_start = 0.5;

std::size_t least_nodes(const Resources& asked) {
    if (asked.ranks_per_node == 0) return 1;
    return (asked.ranks + asked.ranks_per_node - 1) / asked.ranks_per_node;
}

}  // namespace

class GangScheduler {
 public:
    GangScheduler(const State& state, const Presence& presence, Now now)
        : state_(state), presence_(presence), now_(now), takers_(state, presence, now) {
        for (const std::uint32_t index : state.present_agents()) {
            const AgentState& agent = state.agents()[index];
            if (!takers_.takes_ranks(agent)) continue;
            members_[agent.allocation].emplace_back(state, presence, agent, now);
        }
    }

    // A suspect waits until nodes are idle; others need not wait for it.
    Effects place_suspect() const {
        for (const UnitKey unit : state_.ready_alone()) {
            const Resources& asked = state_.plan().stage(unit.stage).resources;
            if (!asked.is_gang() || presence_.delayed.contains(unit)) continue;
            const auto offer = [&](const Outlook& member) {
                const AgentState& agent = member.agent();
                return takers_.is_idle(agent.node) ? fitting(agent.capacity, {}, asked) : 0;
            };
            if (auto shares = place(asked, now_.boot, offer); !shares.empty()) {
                return assign(unit, std::move(shares), true);
            }
        }
        return {};
    }

    // All gangs of a stage ask for the same, so that its first one speaks for all.
    Effects place_next() const {
        std::optional<Reservation> reserved;
        for (std::uint32_t s = 0; s < state_.plan().stage_count(); ++s) {
            const auto unit = first_of(StageIndex{s});
            if (!unit) continue;
            const Resources& asked = state_.plan().stage(unit->stage).resources;
            const auto offer = [&](const Outlook& member) {
                const std::uint32_t room = member.ranks_at(now_.boot, asked);
                const auto& duration = presence_.duration_ms[s];
                return reserved ? reserved->room_beside(member.agent(), asked, duration, room, now_)
                                : room;
            };
            if (auto shares = place(asked, now_.boot, offer); !shares.empty()) {
                return assign(*unit, std::move(shares), false);
            }
            if (!reserved) reserved = reserve(*unit);
        }
        return {};
    }

    // A gang was given to these nodes.
    void look_again(const std::vector<GangShare>& shares) {
        for (const GangShare& share : shares) {
            for (Outlook& member : members_.at(state_.find_agent(share.agent)->allocation)) {
                if (member.agent().incarnation == share.agent)
                    member = Outlook(state_, presence_, member.agent(), now_);
            }
        }
    }

    std::optional<Reservation> reserve_first() const {
        for (std::uint32_t s = 0; s < state_.plan().stage_count(); ++s) {
            const auto unit = first_of(StageIndex{s});
            if (!unit) continue;
            if (auto reserved = reserve(*unit)) return reserved;
        }
        return std::nullopt;
    }

 private:
    using Members = std::vector<Outlook>;

    std::optional<UnitKey> first_of(StageIndex stage) const {
        const bool ready = state_.stage(stage).in(UnitPhase::ready) > 0;
        if (!ready || !state_.plan().stage(stage).resources.is_gang()) return std::nullopt;
        const auto index = Candidates(state_, presence_, stage).peek();
        return index ? std::optional(UnitKey{stage, *index}) : std::nullopt;
    }

    // Whether a gang that starts then has its least slice before the allocation ends.
    bool is_in_time(AllocationId allocation, Millis start, const Resources& asked) const {
        const auto end = presence_.allocation_ends.find(allocation);
        const Millis slack = state_.plan().sweep().tuning.drain_slack;
        return end == presence_.allocation_ends.end() || start + asked.time + slack < end->second;
    }

    template <class Offer>
    static std::vector<GangShare> place_in(
        const Members& members, const Resources& asked, Offer offer
    ) {
        std::vector<RankOffer> offers;
        std::uint64_t sum = 0;
        for (const Outlook& member : members) {
            offers.push_back({&member.agent(), offer(member)});
            sum += offers.back().ranks;
        }
        if (sum < asked.ranks) return {};
        return place_ranks(asked, std::move(offers));
    }

    // In the allocation where it needs the fewest nodes.
    template <class Offer>
    std::vector<GangShare> place(const Resources& asked, Millis start, Offer offer) const {
        std::vector<GangShare> best;
        for (const auto& [allocation, members] : members_) {
            if (!is_in_time(allocation, start, asked)) continue;
            auto shares = place_in(members, asked, offer);
            if (shares.empty() || (!best.empty() && best.size() <= shares.size())) continue;
            best = std::move(shares);
            if (best.size() == least_nodes(asked)) break;
        }
        return best;
    }

    // The first moment at which an allocation holds the gang, if what runs there ends as expected.
    std::optional<Reservation> reserve(UnitKey unit) const {
        const Resources& asked = state_.plan().stage(unit.stage).resources;
        std::optional<Reservation> best;
        for (const auto& [allocation, members] : members_) {
            const auto start = first_start(members, asked);
            if (!start || !is_in_time(allocation, *start, asked)) continue;
            if (best && best->start <= *start) continue;
            best = Reservation{.unit = unit, .start = *start, .used = {}};
            for (const GangShare& share : keep_for(members, asked, *start))
                best->used[share.agent] = used_at(members, share, *start, asked);
        }
        return best;
    }

    static std::vector<GangShare> place_at(
        const Members& members, const Resources& asked, Millis start
    ) {
        return place_in(members, asked, [&](const Outlook& member) {
            return member.ranks_at(start, asked);
        });
    }

    // What is free already is kept first: which of the others really will be is least certain.
    std::vector<GangShare> keep_for(const Members& members, const Resources& asked, Millis start)
        const {
        std::vector<std::pair<std::uint32_t, RankOffer>> offers;
        for (const Outlook& member : members) {
            const std::uint32_t free = member.ranks_at(now_.boot, asked);
            offers.emplace_back(free, RankOffer{&member.agent(), member.ranks_at(start, asked)});
        }
        std::stable_sort(offers.begin(), offers.end(), [](const auto& left, const auto& right) {
            return std::pair(left.first, left.second.ranks) >
                   std::pair(right.first, right.second.ranks);
        });
        std::vector<RankOffer> sorted;
        for (const auto& [free, offer] : offers)
            sorted.push_back(offer);
        return first_that_hold(asked, std::move(sorted));
    }

    // Slots only become free as time passes, so that the moments can be halved.
    static std::optional<Millis> first_start(const Members& members, const Resources& asked) {
        std::vector<Millis> moments;
        for (const Outlook& member : members)
            member.list_ends(moments);
        std::sort(moments.begin(), moments.end());
        const auto first = std::partition_point(moments.begin(), moments.end(), [&](Millis each) {
            return place_at(members, asked, each).empty();
        });
        return first == moments.end() ? std::nullopt : std::optional(*first);
    }

    static Capacity used_at(
        const Members& members, const GangShare& share, Millis start, const Resources& asked
    ) {
        const auto member = std::find_if(members.begin(), members.end(), [&](const Outlook& each) {
            return each.agent().incarnation == share.agent;
        });
        Capacity used = member->used_at(start);
        occupy(used, asked, share.ranks);
        return used;
    }

    Effects assign(UnitKey unit, std::vector<GangShare> shares, bool alone) const {
        const AssignedUnit assigned{unit, AttemptNumber{state_.unit(unit).attempt + 1}};
        const IncarnationId leader = shares.front().agent;
        Effects effects;
        effects.facts.push_back(UnitsAssigned{
            .incarnation = leader, .alone = alone, .units = {assigned}, .gang = std::move(shares)});
        effects.messages.push_back(ToAgent{
            leader, AssignKeys{.units = {assigned}, .alone = alone}
        });
        return effects;
    }

    const State& state_;
    const Presence& presence_;
    Now now_;
    Takers takers_;
    std::map<AllocationId, Members> members_;
};

namespace {

bool may_schedule(const State& state, const Presence& presence) {
    return !state.paused() && presence.stopping == Stopping::no;
}

}  // namespace

bool any_gang_is_ready(const State& state) {
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageIndex stage{s};
        const bool ready = state.stage(stage).in(UnitPhase::ready) > 0;
        if (ready && state.plan().stage(stage).resources.is_gang()) return true;
    }
    return false;
}

bool Reservation::ends_before(std::optional<double> duration_ms, Now now) const {
    if (!duration_ms) return false;
    return now.boot + Millis{static_cast<std::int64_t>(done_by_start * *duration_ms)} <= start;
}

std::uint32_t Reservation::room_beside(
    const AgentState& agent,
    const Resources& each,
    std::optional<double> duration_ms,
    std::uint32_t room,
    Now now
) const {
    const auto known = used.find(agent.incarnation);
    if (known == used.end() || ends_before(duration_ms, now)) return room;
    return std::min(room, fitting(agent.capacity, known->second, each));
}

void Reservation::add(
    const AgentState& agent,
    const Resources& each,
    std::optional<double> duration_ms,
    std::uint32_t count,
    Now now
) {
    const auto known = used.find(agent.incarnation);
    if (known == used.end() || ends_before(duration_ms, now)) return;
    occupy(known->second, each, count);
}

GangPlacer::GangPlacer(const State& state, const Presence& presence, Now now)
    : state_(state), presence_(presence), now_(now) {}

GangPlacer::~GangPlacer() = default;

Effects GangPlacer::next() {
    if (!may_schedule(state_, presence_) || !any_gang_is_ready(state_)) return {};
    if (!scheduler_) scheduler_ = std::make_unique<GangScheduler>(state_, presence_, now_);
    if (!given_.empty()) scheduler_->look_again(std::exchange(given_, {}));
    Effects effects = scheduler_->place_suspect();
    if (!effects.empty()) {
        // Nobody else gets its nodes.
        scheduler_.reset();
        return effects;
    }
    effects = scheduler_->place_next();
    if (!effects.empty()) given_ = std::get<UnitsAssigned>(effects.facts.front()).gang;
    return effects;
}

std::optional<Reservation> reserve_for_gang(const State& state, const Presence& presence, Now now) {
    if (!may_schedule(state, presence) || !any_gang_is_ready(state)) return std::nullopt;
    return GangScheduler(state, presence, now).reserve_first();
}

}  // namespace xorch
