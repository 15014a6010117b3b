#pragma once

// The oracle: reads the durable journal fact by fact, as bytes that would survive now, and keeps
// its own small account of every unit, apart from the production state. Whatever is acknowledged to
// anybody must be in it (invariants I1, I2, I5 to I8, I10).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/facts.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/record.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/unit_history.h"

namespace xorch::simulation {

class Ledger {
 public:
    Ledger(Disk& durable, SweepLayout layout, const Scenario& scenario, UnitHistory& history);

    // An agent reported this; its number is within it.
    void on_report(IncarnationId agent, const AgentMessage& report);

    // An executor started it: what its result must be is known from here on.
    void on_started(const Assignment& assignment);

    // A coordinator is about to say so.
    void on_acknowledged(IncarnationId agent, std::uint64_t through);
    void on_replied(const std::string& request);

    // Reads what became durable since the last call.
    void read();

    // Agents that were given up although they did not say goodbye, in order.
    const std::vector<IncarnationId>& given_up() const { return given_up_; }

    std::uint64_t facts() const { return facts_; }

    // Rows of the units that are done, by unit.
    const std::map<UnitKey, std::string>& rows() const { return rows_; }

 private:
    enum class Phase { open, assigned, done, failed, cancelled, hopeless };

    struct Unit {
        Phase phase = Phase::open;
        std::uint32_t attempt = 0;
        std::uint32_t own_failures = 0;
        std::uint32_t replaced_failures = 0;  // before a selection was decided anew
        std::uint32_t known_stops = 0;
        std::uint32_t agent_deaths = 0;
        bool revived = false;        // or replaced by a selection, since its last attempt began
        bool may_be_done = false;    // was so when a selection was decided anew, which may keep it
        std::uint32_t reopened = 0;  // its attempt when it was opened again
        bool may_stand = false;      // what it recorded before it was opened again
    };

    struct Report {
        AssignedUnit attempt;
        bool done = false;
        bool end = false;
    };

    struct Run {
        UnitId id;
        std::uint32_t seed = 0;
    };

    void read_everything();
    void take(const FactBatch& batch);
    void take(const Fact& fact);
    void check_gang(const UnitsAssigned& fact);
    void take(const UnitsAssigned& fact);
    void take(const UnitFinished& fact);
    void take(const UnitFoundHopeless& fact);
    void take(const UnitAdopted& fact);
    void check_rows(const Unit& unit, const UnitFinished& fact);
    void take(const UnitGivenBack& fact);
    void take(const UnitFailed& fact);
    void take(const SelectionDecided& fact);
    void take(const UnitsCancelled& fact);
    void take(const UnitsRevived& fact);
    void take(const UnitReopened& fact);
    void begin_anew(Unit& unit);
    void count_end(Unit& unit, const AttemptEnd& end);
    void check_report(IncarnationId agent, std::uint64_t number);

    void violate(const std::string& what) { history_.violate(what); }

    Disk& durable_;
    SweepLayout layout_;
    const Scenario& scenario_;
    UnitHistory& history_;

    FactLocation next_;  // where reading goes on
    std::map<UnitKey, Unit> units_;
    std::map<UnitKey, std::string> rows_;
    std::map<std::uint32_t, bool> decided_;  // by selection; false = revived since
    std::set<std::string> requests_;
    std::vector<IncarnationId> given_up_;
    std::uint64_t facts_ = 0;

    // Not of the journal: what the world saw.
    std::map<IncarnationId, std::vector<Report>> reports_;
    std::map<IncarnationId, std::uint64_t> acknowledged_;
    std::set<std::string> replied_;
    std::map<AssignedUnit, Run, bool (*)(const AssignedUnit&, const AssignedUnit&)> runs_;
};

}  // namespace xorch::simulation
