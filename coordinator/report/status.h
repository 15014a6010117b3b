#pragma once

// How a sweep stands, as plain data: what the coordinator writes to journal/status.json once a
// second, what `xorch status --json` prints and what every text for people is made from. It is
// derived: where it is missing or behind the journal, readers make it anew from the journal
// (sweep_reader.h).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/decide/state.h"
#include "coordinator/journal/journal.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/time.h"
#include "core/unit.h"
#include "core/value.h"

namespace xorch {

// What a sweep is doing as a whole.
enum class SweepPhase {
    running,    // a coordinator reigns
    paused,     // it reigns, and holds everything back for a reason it names
    stopped,    // nobody reigns and nothing is wrong: `xorch resume` goes on
    abandoned,  // the coordinator is gone without a word; `xorch resume` goes on, nothing is lost
    queued,     // on Slurm: nobody reigns now; a job that goes on by itself is queued or starting
    stranded,   // on Slurm: nobody reigns, and no job is left that would; `xorch resume` goes on
    complete,   // every unit is final and every selection decided
};

std::string_view sweep_phase_name(SweepPhase phase);

// Whether the sweep goes on without anybody's doing, so that looking on may show something new.
bool goes_on_by_itself(SweepPhase phase);

struct CauseCount {
    Cause cause = Cause::none;
    std::uint32_t units = 0;
};

struct StageStatus {
    std::string name;
    std::array<std::uint32_t, unit_phase_count> counts{};  // by UnitPhase
    std::vector<CauseCount> failed_by;   // why units are failed; adds up to the failed ones
    std::vector<std::string> waits_for;  // stages that it needs and that are not final yet
    std::string selection;               // that promotes it and is not decided yet; empty = none

    std::uint32_t total() const;

    std::uint32_t in(UnitPhase phase) const { return counts[static_cast<std::size_t>(phase)]; }

    std::uint32_t final_units() const;
};

// A unit as a line of text names it.
struct UnitName {
    UnitKey key;
    std::string id;      // 32 hexadecimal digits
    std::string place;   // "train/3": stage and position
    std::string values;  // "lr=0.1 repeat=3": what varies; unescaped
};

struct RunningUnit {
    UnitName unit;
    AttemptNumber attempt;
    std::string node;
    std::vector<std::string> other_nodes;  // of a gang, in the order of ranks
    Millis since_unix{0};                  // 0 = it is queued at its agent, or nobody said
};

struct FailedUnit {
    UnitName unit;
    Cause cause = Cause::none;
    AttemptNumber attempt;
    FactLocation fact;  // the UnitFailed fact, with message and last lines of output
};

struct AgentStatus {
    std::string node;
    AllocationId allocation;
    Capacity capacity;
    std::uint32_t units = 0;  // also those of which it only runs ranks
};

// An allocation that did not end, as the journal knows it.
struct AllocationStatus {
    AllocationId allocation;
    std::string job;  // empty = the batch system has not answered yet
    bool started = false;
    Millis end_unix{0};  // 0 = without end, or unknown
};

// A node that gets no work, because units failed there that were done elsewhere.
struct BlamedNode {
    std::string node;
    std::string reason;
};

struct SelectStatus {
    std::string name;
    bool refused = false;
    std::vector<UnitName> chosen;
    std::string explanation;
};

struct SweepStatus {
    std::string sweep;  // its name
    Millis at_unix{0};  // when this was true
    EpochNumber epoch;  // with `bytes`: how far the journal was read
    std::uint64_t bytes = 0;
    Holder holder;
    SweepPhase phase = SweepPhase::stopped;
    std::string pause_reason;  // also of a stopped sweep that was paused; empty = not paused
    std::string gate;          // that paused it; empty = none
    std::vector<StageStatus> stages;
    std::vector<RunningUnit> running;  // at most status_units_max
    std::vector<FailedUnit>
        failed;  // the newest of the unit's own failures, at most status_units_max
    std::vector<AgentStatus> agents;            // that are there
    std::vector<AllocationStatus> allocations;  // that did not end
    std::vector<BlamedNode> blamed;
    bool on_slurm = false;
    std::string refusal;                // why Slurm takes no more jobs of it; empty = it may
    std::vector<SelectStatus> selects;  // that are decided

    std::uint64_t units(UnitPhase of) const;
    std::uint64_t total() const;
};

// Units that a status names one by one; there can be a million.
inline constexpr std::size_t status_units_max = 64;

// When a live unit began, as its coordinator knows it.
struct LiveUnit {
    AssignedUnit unit;
    Millis since_unix{0};
};

struct StatusMoment {
    Millis at_unix{0};
    EpochNumber epoch;
    std::uint64_t bytes = 0;
    bool ended = false;  // the last fact is EpochEnded, or nobody reigns any more
    Holder holder;
};

// Linear in the number of units where units failed, otherwise in the number of stages and agents.
SweepStatus make_status(
    const State& state, const StatusMoment& moment, const std::vector<LiveUnit>& live
);

// "n1", of a gang "n1, n2" or "n1 and 7 more"; unescaped.
std::string describe_nodes(const RunningUnit& running);

UnitName name_unit(const Plan& plan, UnitKey unit);

Object status_object(const SweepStatus& status);

// That object as JSON, indented; parse_status() reads it back.
std::string format_status_json(const SweepStatus& status);

// invalid_input if it is not ours or of another version.
Result<SweepStatus> parse_status(std::string_view json);

}  // namespace xorch
