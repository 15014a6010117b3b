#pragma once

// The state of a sweep: what the journal's facts add up to, and nothing else (invariant I15).
// apply() is the only mutation, live and at replay. Owned by the loop thread. What a clock or a
// connection says (who was heard when, retry delays) is not here but in Reign, and is gone after a
// crash without harm.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/plan.h"
#include "core/record.h"
#include "core/unit.h"

namespace xorch {

// One unit, packed: a million of these are in memory.
struct UnitState {
    UnitPhase phase = UnitPhase::waiting;
    Cause cause = Cause::none;          // of the last ended attempt, or why it is failed
    std::uint8_t own_failures = 0;      // since the last revival; compared with limits.retries
    std::uint8_t agent_deaths = 0;      // attempts that died with their agent; 2 = try alone
    std::uint8_t stalled_stops = 0;     // known stops since the newest checkpoint; 2 = no_progress
    bool started = false;               // some attempt of it ended or is assigned
    std::uint16_t agent = 0;            // index into agents() while assigned
    std::uint32_t attempt = 0;          // current or last
    std::uint32_t ran_s = 0;            // all ended attempts together
    std::uint32_t checkpoint_step = 0;  // step + 1 of the newest checkpoint; 0 = none
    FactLocation result;                // of the UnitFinished, UnitAdopted or UnitFailed fact
};

struct AgentState {
    IncarnationId incarnation;
    AllocationId allocation;
    std::string node;
    Capacity capacity;
    bool gone = false;
    std::set<UnitKey> holding;
};

struct AllocationState {
    AllocationId allocation;
    std::string token;
    std::string job;
    Millis end_unix{0};
    bool started = false;
    bool ended = false;
};

struct StageState {
    std::array<std::uint32_t, 6> counts{};  // by UnitPhase
    std::uint32_t wave = 0;
    std::uint32_t total() const;

    std::uint32_t in(UnitPhase phase) const { return counts[static_cast<std::size_t>(phase)]; }
};

struct SelectState {
    bool decided = false;
    bool refused = false;
    std::vector<UnitKey> chosen;
    std::string explanation;
};

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
    const UnitState& unit(UnitKey unit) const;
    const StageState& stage(StageIndex stage) const;
    const SelectState& select(std::uint32_t select) const;
    const std::vector<AgentState>& agents() const;
    const AgentState* find_agent(IncarnationId incarnation) const;
    const std::vector<AllocationState>& allocations() const;

    // Ready units of a stage in plan order; those that must run alone are in a set of their own.
    const std::set<UnitKey>& alone() const;
    std::optional<UnitKey> first_ready(StageIndex stage, std::uint32_t from_index) const;

    bool paused() const;
    const std::string& pause_reason() const;

    // Every unit of every stage is final and every selection is decided.
    bool complete() const;

    // The reply that a request of this id got, or nothing.
    const std::string* reply_to(std::string_view request) const;

    // Metrics of a finished unit, last row, of the columns that selections read; missing columns
    // are absent.
    Object metrics(UnitKey unit) const;

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
