#pragma once

// Gangs: on which nodes one runs, when the next one can, and what may run there until then
// (decision 0011). Pure, like all rules.

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "coordinator/decide/rules/effects.h"
#include "coordinator/decide/rules/presence.h"

namespace xorch {

// So many ranks fit on the agent.
struct RankOffer {
    const AgentState* agent = nullptr;
    std::uint32_t ranks = 0;
};

// "n2" comes before "n10": the order in which batch systems number nodes.
bool is_earlier_node(std::string_view left, std::string_view right);

// As few nodes as hold all ranks, in their natural order; none if the offers are too small.
std::vector<GangShare> place_ranks(const Resources& asked, std::vector<RankOffer> offers);

// The first of these offers, in the order given, that hold all ranks; none if all are too small.
std::vector<GangShare> first_that_hold(const Resources& asked, std::vector<RankOffer> offers);

// Whether all that is present of some allocation would hold the gang if nothing else ran there.
bool could_hold_gang(const State& state, const Resources& asked);

// Slots kept free for the first gang that has to wait, and only for that one. What starts on these
// agents must be likely to have ended by then, or fit beside the gang.
struct Reservation {
    UnitKey unit;
    Millis start{0};                         // on the boot clock
    std::map<IncarnationId, Capacity> used;  // of its agents at the start, with the gang

    // How many units (or ranks) of the stage may start on the agent now, of `room` that fit it.
    std::uint32_t room_beside(
        const AgentState& agent,
        const Resources& each,
        std::optional<double> duration_ms,
        std::uint32_t room,
        Now now
    ) const;

    // So many of them start there.
    void add(
        const AgentState& agent,
        const Resources& each,
        std::optional<double> duration_ms,
        std::uint32_t count,
        Now now
    );

    // What starts now and takes so long is not likely to hold up the gang.
    bool ends_before(std::optional<double> duration_ms, Now now) const;
};

// Seldom true, and asked at every decision.
bool any_gang_is_ready(const State& state);

class GangScheduler;

// Gives out one gang after another, all at the same moment: what it knows of the nodes is found out
// once. Made anew whenever anything but these gangs may have changed.
class GangPlacer {
 public:
    GangPlacer(const State& state, const Presence& presence, Now now);
    ~GangPlacer();
    GangPlacer(const GangPlacer&) = delete;
    GangPlacer& operator=(const GangPlacer&) = delete;

    // The next gang that can start now; no effects if none can. Its facts are applied before the
    // next call.
    Effects next();

 private:
    const State& state_;
    const Presence& presence_;
    Now now_;
    std::unique_ptr<GangScheduler> scheduler_;  // none before the first gang
    std::vector<GangShare> given_;              // to the last
};

// For the first gang, in the order of stages, that cannot start now; nothing if none waits, or if
// none of the present allocations will hold it in time.
std::optional<Reservation> reserve_for_gang(const State& state, const Presence& presence, Now now);

}  // namespace xorch
