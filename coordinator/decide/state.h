#pragma once

// The state of a sweep: what the journal's facts add up to, and nothing else (invariant I15).
// apply() is the only mutation, live and at replay. Owned by the loop thread. What a clock or a
// connection says (who was heard when, retry delays) is not here but in Reign, and is gone after a
// crash without harm.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/allocation.h"
#include "core/error.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/plan.h"
#include "core/record.h"
#include "core/unit.h"

namespace xorch {

// A unit that died with its agent so often is tried alone on a node.
inline constexpr std::uint8_t deaths_before_alone = 2;

// One unit, packed: a million of these are in memory.
struct UnitState {
    UnitPhase phase = UnitPhase::waiting;
    Cause cause = Cause::none;          // of the last ended attempt, or why it is failed
    std::uint16_t own_failures = 0;     // since the last revival; compared with limits.retries
    std::uint8_t agent_deaths = 0;      // attempts that died with their agent, see above
    std::uint8_t stalled_stops = 0;     // known stops since the newest checkpoint; 2 = no_progress
    std::uint8_t unmet_inputs = 0;      // entries of `needs` that are not complete
    bool waits_for_twin = false;        // plan().same_unit() runs instead of this one
    std::uint32_t agent = 0;            // index into agents() of its current or last attempt
    std::uint32_t attempt = 0;          // current or last; never goes back
    std::uint64_t ran_ms = 0;           // all ended attempts together, since the last revival
    std::int64_t checkpoint_step = -1;  // of the newest checkpoint; -1 = none, or not said
    std::uint32_t checkpoint_attempt = 0;   // that sealed the newest checkpoint; 0 = none yet
    std::uint32_t checkpoint_sequence = 0;  // its number within that attempt
    FactLocation result{};                  // of the fact that made it final
    std::uint64_t rows_hash = 0;            // of a done unit's rows, to tell a different result

    friend bool operator==(const UnitState&, const UnitState&) = default;
};

static_assert(sizeof(UnitState) <= 64);

struct AgentState {
    IncarnationId incarnation;
    AllocationId allocation;
    std::string node;
    Capacity capacity;
    bool gone = false;
    bool runs_alone = false;       // a suspect runs there: nothing else may join it
    std::vector<UnitKey> holding;  // in the order assigned; short, and units mostly leave in front
    std::vector<UnitKey> lends;    // gangs that others lead and that have ranks here, sorted
    std::vector<std::uint32_t> load;  // ranks on its slots or queued for them, by stage

    bool is_idle() const { return holding.empty() && lends.empty(); }
};

// A unit that was assigned while its stage's wave was not the last one.
struct Canary {
    std::uint32_t index = 0;
    bool failed = false;  // for good; what follows says how
    Cause cause = Cause::none;
    int exit_code = 0;
    int signal = 0;
    std::string message{};
    std::string tail{};
};

struct StageState {
    static constexpr std::uint32_t last_wave = 2;

    std::array<std::uint32_t, unit_phase_count> counts{};  // by UnitPhase
    std::uint32_t wave = 0;
    std::vector<Canary> canaries;  // of the open wave; empty in the last
    std::uint32_t total() const;

    std::uint32_t in(UnitPhase phase) const { return counts[static_cast<std::size_t>(phase)]; }
};

struct SelectState {
    bool decided = false;
    bool stale = false;    // decided, but its stage was revived since: it is decided anew
    bool refused = false;  // exit code 5
    std::vector<UnitKey> chosen;
    std::string explanation;
};

// The first unit that failed for a reason of its own, for the notification.
struct FirstFailure {
    UnitKey unit;
    Cause cause = Cause::none;
    std::string message;
    std::string tail;
};

// What speaks against a node, since a unit was last done there.
struct NodeTrouble {
    std::uint32_t failures = 0;   // attempts that failed there by the units' own failures
    std::uint32_t elsewhere = 0;  // of their units, how many were done on another node at once

    friend bool operator==(const NodeTrouble&, const NodeTrouble&) = default;
};

// AllocationEnded with this reason says nothing about whether the lane gets anywhere.
inline constexpr std::string_view reason_stop_requested = "stop requested";

// So does AllocationEnded with this one: it was still queued when the work came to fit the others.
inline constexpr std::string_view reason_not_needed = "not needed";

class State {
 public:
    // `plan` is owned: selections make it grow.
    explicit State(Plan plan);
    ~State();
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;

    // The only mutation. A fact that cannot happen in this state is an error that names it and
    // changes nothing of its batch's rest: a journal that says so is damaged or of another sweep.
    // `at` is where the batch's frame starts.
    Result<void> apply(const FactBatch& batch, FactLocation at);

    const Plan& plan() const;
    bool has_unit(UnitKey unit) const;  // for keys that others say
    const UnitState& unit(UnitKey unit) const;
    const StageState& stage(StageIndex stage) const;
    const SelectState& select(std::uint32_t select) const;
    const std::vector<AgentState>& agents() const;
    const AgentState* find_agent(IncarnationId incarnation) const;
    const std::vector<AllocationState>& allocations() const;

    bool has_open_allocations() const;

    // Some allocation was asked for and the batch system has not said whether it takes it.
    bool awaits_submission() const;

    // Indices into agents() of those that are not gone, in the order they joined.
    const std::vector<std::uint32_t>& present_agents() const;

    // Why the batch system takes no allocation until somebody changes something; empty = it may.
    const std::string& refused_for_good() const;

    // Allocations in a row that ended without a finished unit or a newer checkpoint.
    std::uint32_t barren_allocations() const;

    // The first unit of the stage at or after `from_index` that may be assigned and need not be
    // alone.
    std::optional<std::uint32_t> first_ready(StageIndex stage, std::uint32_t from_index) const;

    // Ready units that may only run with nothing else on their node, in plan order.
    const std::set<UnitKey>& ready_alone() const;

    // Gangs that are assigned, and who runs how many of their ranks, the leader first.
    const std::map<UnitKey, std::vector<GangShare>>& gangs() const;

    // Units that wait for this one because they are the same under another name.
    const std::vector<UnitKey>& twins_waiting_for(UnitKey unit) const;

    // Waiting units whose twin is done: to be adopted.
    const std::set<UnitKey>& adoptable() const;

    // Nodes that get no new work, and why.
    const std::map<std::string, std::string>& blamed_nodes() const;

    // By node; only those where something failed since a unit was last done there.
    const std::map<std::string, NodeTrouble>& troubled_nodes() const;

    bool paused() const;
    const std::string& pause_reason() const;

    // Every unit of every stage is final and every selection is decided.
    bool complete() const;

    // A NotificationSent fact of this event counts still: a revival makes "done" and
    // "first_failure" news again, continuing makes "paused".
    bool notified(std::string_view event) const;
    const std::optional<FirstFailure>& first_failure() const;

    // Every unit of the stage exists and is final.
    bool is_final(StageIndex stage) const;

    // The reply that a request of this id got, or nothing.
    const std::string* reply_to(std::string_view request) const;

    // What the selection (position in the sweep file) reads of a done unit of its stage; missing
    // columns are absent.
    const Object& metrics(std::uint32_t select, UnitKey unit) const;

    // The rows that stand of a unit that was done and runs again, or null.
    const std::string* standing_rows(UnitKey unit) const;

    // I1..I18 as far as they are statements about the state; the message names the invariant and
    // the unit. Linear in the number of units: for tests, the simulation and `fsck`.
    Result<void> check_invariants() const;

    // For snapshots: bytes that load() turns into an equal state over the same plan.
    std::string save() const;
    static Result<State> load(Plan plan, std::string_view bytes);

    std::size_t memory_bytes() const;

 private:
    struct Content;
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
