#pragma once

// What a State consists of, and the few steps that every fact is made of. Internal to
// coordinator/decide/state/: facts.cpp applies facts, units.cpp moves single units, inputs.cpp
// gangs.cpp those that run on several nodes, inputs.cpp carries the consequences along `needs`,
// stages.cpp gives stages their units. Loop thread only.

#include <unordered_map>
#include <utility>

#include "coordinator/decide/state.h"
#include "coordinator/decide/state/bytes.h"
#include "coordinator/decide/state/index_set.h"

namespace xorch {

// One entry of a stage's `needs`: how many upstream units each group still waits for.
struct Need {
    StageIndex upstream;
    std::vector<std::uint32_t> missing;   // by group: neither done nor hopeless
    std::vector<std::uint32_t> lost;      // by group: failed or cancelled; then its units fail too
    std::vector<std::uint32_t> hopeless;  // by group: if all are, its units have nothing to work on
};

// Stage `stage` needs this one by its n-th need.
struct Dependant {
    StageIndex stage;
    std::uint32_t need = 0;
};

struct StageContent {
    StageState state;
    std::vector<UnitState> units;
    IndexSet ready;
    std::vector<Need> needs;
    std::vector<Dependant> dependants;
    std::vector<std::uint32_t> readers;  // selections from this stage, by position
    std::vector<Array> metrics;          // by unit, if any readers: for each of them an object
    // Attempts of units that a later selection replaced stay below the attempts of those that
    // stand in their places now: a late result of the former counts for nobody.
    std::uint32_t attempts_used = 0;
};

struct State::Content {
    explicit Content(Plan the_plan);

    // facts.cpp: one for each kind of fact
    Result<void> take(const AllocationIntended& fact, FactLocation at);
    Result<void> take(const AllocationSubmitted& fact, FactLocation at);
    Result<void> take(const AllocationStarted& fact, FactLocation at);
    Result<void> take(const AllocationEnded& fact, FactLocation at);
    Result<void> take(const AgentJoined& fact, FactLocation at);
    Result<void> take(const AgentGone& fact, FactLocation at);
    Result<void> take(const UnitsAssigned& fact, FactLocation at);
    Result<void> take(const UnitFinished& fact, FactLocation at);
    Result<void> take(const UnitAdopted& fact, FactLocation at);
    Result<void> take(const UnitGivenBack& fact, FactLocation at);
    Result<void> take(const UnitFailed& fact, FactLocation at);
    Result<void> take(const CheckpointSealed& fact, FactLocation at);
    Result<void> take(const UnitsCancelled& fact, FactLocation at);
    Result<void> take(const UnitsRevived& fact, FactLocation at);
    Result<void> take(const WaveOpened& fact, FactLocation at);
    Result<void> take(const SelectionDecided& fact, FactLocation at);
    Result<void> take(const SweepPaused& fact, FactLocation at);
    Result<void> take(const SweepContinued& fact, FactLocation at);
    Result<void> take(const NodeBlamed& fact, FactLocation at);
    Result<void> take(const ResultRefused& fact, FactLocation at);
    Result<void> take(const RequestDone& fact, FactLocation at);
    Result<void> take(const NotificationSent& fact, FactLocation at);
    Result<void> take(const EpochEnded& fact, FactLocation at);
    Result<void> take(const AllocationRefused& fact, FactLocation at);
    Result<void> take(const UnitReopened& fact, FactLocation at);
    Result<void> take(const UnitFoundHopeless& fact, FactLocation at);
    Result<AllocationState*> find(AllocationId allocation);

    // units.cpp
    Result<UnitState*> find(UnitKey unit);

    UnitState& at(UnitKey unit) { return stages[unit.stage.value].units[unit.index]; }

    const UnitState& at(UnitKey unit) const { return stages[unit.stage.value].units[unit.index]; }

    Result<void> move(UnitKey unit, UnitEvent event);
    void enlist(UnitKey unit);  // a ready unit, where the scheduler finds it
    void delist(UnitKey unit);
    void hold(std::uint32_t agent, UnitKey unit);
    void release(UnitKey unit);
    Result<void> assign(const UnitsAssigned& fact);
    Result<void> finish(UnitKey unit, const AttemptEnd& end, FactLocation at);
    Result<void> give_up(UnitKey unit, const AttemptEnd& end, FactLocation at);
    Result<void> give_back(const UnitGivenBack& fact);
    Result<void> fail_unit(const UnitFailed& fact, FactLocation at);
    Result<void> seal(const CheckpointSealed& fact);
    void count_end(UnitState& state, const AttemptEnd& end);

    // gangs.cpp
    Result<void> check_whole(const UnitsAssigned& fact) const;
    void hold_gang(UnitKey unit, const std::vector<GangShare>& shares);
    void release_gang(UnitKey unit);
    void lend(AgentState& agent, UnitKey unit);

    AgentState& agent_of(const GangShare& share) { return agents[agent_index.at(share.agent)]; }

    void on_done_at_all(UnitKey unit);
    void save_gangs(ByteWriter& out) const;
    void load_gangs(ByteReader& in);
    void index_gangs();
    std::uint32_t ranks_on(const AgentState& agent, UnitKey unit) const;
    Result<void> check_gangs() const;
    Result<void> check_share(UnitKey unit, const GangShare& share) const;
    Result<void> check_room(const AgentState& agent) const;

    // nodes.cpp
    void on_done_at(const std::string& node, UnitKey unit);
    void on_failed_at(const std::string& node, UnitKey unit);
    void forgive_nodes();

    // inputs.cpp
    void on_done(UnitKey unit);
    void on_hopeless(UnitKey unit);
    void on_lost(UnitKey unit);  // failed or cancelled
    void on_input_there(const Dependant& dependant, std::uint32_t group);
    void fail_for_inputs(UnitKey unit);
    void give_up_for_inputs(UnitKey unit);
    bool has_lost_inputs(UnitKey unit) const;
    bool has_hopeless_inputs(UnitKey unit) const;
    bool is_adoptable(UnitKey twin) const;
    void settle_waiting(UnitKey unit);
    Result<void> cancel(const UnitsCancelled& fact);
    Result<void> revive(const UnitsRevived& fact);
    void revive_unit(UnitKey unit, std::vector<UnitKey>& more);
    Result<void> reopen(const UnitReopened& fact);
    void renew(UnitKey unit);

    // stages.cpp
    void make_stages();
    void clear_stage(StageIndex stage);
    void link_needs(StageIndex stage);
    void link_twins();   // says who waits for whom
    void index_twins();  // remembers it
    std::vector<StageIndex> stages_filled_by(std::uint32_t select) const;
    std::vector<UnitId> ids_of(StageIndex stage) const;
    void refill(StageIndex stage, const std::vector<UnitId>& old_ids);
    Result<void> decide(const SelectionDecided& fact);

    // snapshot.cpp
    void save_units(ByteWriter& out, const StageContent& stage) const;
    void save_agents(ByteWriter& out) const;
    void load_units(ByteReader& in, StageIndex stage);
    void load_agents(ByteReader& in);
    Result<void> load_selects(ByteReader& in);
    void index_loaded();
    void save_rest(ByteWriter& out) const;
    void load_rest(ByteReader& in);

    // invariants.cpp
    Result<void> check_stage(StageIndex stage) const;
    Result<void> check_unit(UnitKey unit) const;
    Result<void> check_agents() const;

    Plan plan;
    std::vector<StageContent> stages;
    std::vector<SelectState> selects;
    std::vector<AgentState> agents;
    std::unordered_map<IncarnationId, std::uint32_t> agent_index;
    std::vector<std::uint32_t> present;
    std::map<UnitKey, std::vector<GangShare>> gangs;
    std::vector<AllocationState> allocations;
    std::set<UnitKey> alone;
    std::unordered_map<UnitKey, std::vector<UnitKey>> twins;
    std::set<UnitKey> adoptable;
    std::map<UnitKey, std::string> standing;  // rows of units that were done and run again
    std::map<std::string, std::string> blamed;
    std::map<std::string, NodeTrouble> trouble;
    // Units that failed on one node and run on another one now, with the node where they failed.
    std::map<UnitKey, std::string> second_opinions;
    std::set<std::string, std::less<>> notified;
    std::unordered_map<std::string, std::string> replies;
    std::optional<FirstFailure> first_failure;
    std::optional<std::string> paused;
    std::uint32_t barren = 0;
    std::string refused_for_good;  // why the batch system takes no allocation; empty = it may
};

// The error of a fact that cannot be: it names the unit as people know it.
tl::unexpected<Error> impossible(const Plan& plan, UnitKey unit, std::string_view why);

}  // namespace xorch
