#include "tests/simulation/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/segment.h"
#include "core/wire/facts_codec.h"

namespace xorch::simulation {

namespace {

bool earlier(const AssignedUnit& left, const AssignedUnit& right) {
    return std::tie(left.unit, left.attempt) < std::tie(right.unit, right.attempt);
}

std::string name_of(UnitKey unit) {
    return fmt::format("unit {}/{}", unit.stage.value, unit.index);
}

}  // namespace

Ledger::Ledger(Disk& durable, SweepLayout layout, const Scenario& scenario, UnitHistory& history)
    : durable_(durable),
      layout_(std::move(layout)),
      scenario_(scenario),
      history_(history),
      runs_(&earlier) {}

void Ledger::on_report(IncarnationId agent, const AgentMessage& report) {
    Report kept;
    if (const auto* end = std::get_if<EndReport>(&report)) {
        kept.attempt = {.unit = end->unit, .attempt = end->attempt};
        kept.end = true;
        kept.done = is_outcome(end->end.cause);
    }
    reports_[agent].push_back(kept);
}

void Ledger::on_started(const Assignment& assignment) {
    const AssignedUnit attempt{.unit = assignment.unit, .attempt = assignment.attempt};
    const Run run{.id = assignment.id, .seed = assignment.seed};
    const auto [known, is_new] = runs_.emplace(attempt, run);
    if (!is_new && known->second.id != assignment.id) {
        violate("I8: one attempt number for two units at " + name_of(assignment.unit));
    }
}

void Ledger::on_acknowledged(IncarnationId agent, std::uint64_t through) {
    read();
    std::uint64_t& known = acknowledged_[agent];
    for (std::uint64_t number = known + 1; number <= through; ++number) {
        check_report(agent, number);
    }
    known = std::max(known, through);
}

// An acknowledged end is no news to the journal any more.
void Ledger::check_report(IncarnationId agent, std::uint64_t number) {
    const std::vector<Report>& all = reports_[agent];
    if (number > all.size()) {
        violate(fmt::format("I1: report {} is acknowledged and was never made", number));
        return;
    }
    const Report& report = all[number - 1];
    if (!report.end) return;
    const Unit& unit = units_[report.attempt.unit];
    if (unit.attempt != report.attempt.attempt.value) return;
    const bool open_done = report.done && unit.phase == Phase::open && !unit.revived;
    if (unit.phase == Phase::assigned || open_done) {
        violate(fmt::format(
            "I1: the end of {} attempt {} is acknowledged and not in the durable journal",
            name_of(report.attempt.unit),
            report.attempt.attempt.value
        ));
    }
}

void Ledger::on_replied(const std::string& request) {
    read();
    replied_.insert(request);
    if (!requests_.contains(request)) {
        violate("I1: a request is acknowledged and not in the durable journal");
    }
}

void Ledger::read() {
    const std::string directory = layout_.journal();
    const auto succeeded = durable_.exists(segment_path(directory, EpochNumber{next_.segment + 1}));
    if (next_.segment == 0 || (succeeded && *succeeded)) {
        read_everything();
        return;
    }
    SegmentReader reader(
        durable_, directory, {.epoch = {next_.segment}, .offset = next_.offset, .counts = {}}
    );
    while (true) {
        const auto frame = reader.next();
        if (!frame) {
            violate("I1: the durable journal is damaged: " + frame.error().message);
            return;
        }
        if (!*frame) break;
        const auto batch = decode_facts((*frame)->payload);
        if (!batch) {
            violate("I1: the durable journal is unreadable: " + batch.error().message);
            return;
        }
        take(*batch);
    }
    next_.offset = reader.offset();
}

// A new segment decides what counts of the one before.
void Ledger::read_everything() {
    units_.clear();
    decided_.clear();
    requests_.clear();
    given_up_.clear();
    facts_ = 0;
    const auto end =
        replay_journal(durable_, layout_.journal(), [this](const FactBatch& batch, FactLocation) {
            take(batch);
            return Result<void>();
        });
    if (!end) {
        violate("I1: the durable journal is damaged: " + end.error().message);
        return;
    }
    next_ = {.segment = end->epoch.value, .fact = 0, .offset = end->bytes};
    for (const auto& [agent, through] : acknowledged_) {
        for (std::uint64_t number = 1; number <= through; ++number) {
            check_report(agent, number);
        }
    }
    for (const std::string& request : replied_) {
        if (!requests_.contains(request)) violate("I1: an acknowledged request was lost");
    }
}

void Ledger::take(const FactBatch& batch) {
    const bool is_requested =
        std::any_of(batch.facts.begin(), batch.facts.end(), [](const Fact& fact) {
            return std::holds_alternative<RequestDone>(fact);
        });
    for (const Fact& fact : batch.facts) {
        const auto* decided = std::get_if<SelectionDecided>(&fact);
        if (decided != nullptr && !scenario_.sweep.gates.empty() && !is_requested) {
            violate("a gate was passed and nobody looked");
        }
        ++facts_;
        take(fact);
    }
}

void Ledger::take(const Fact& fact) {
    if (const auto* assigned = std::get_if<UnitsAssigned>(&fact)) take(*assigned);
    if (const auto* finished = std::get_if<UnitFinished>(&fact)) take(*finished);
    if (const auto* back = std::get_if<UnitGivenBack>(&fact)) take(*back);
    if (const auto* failed = std::get_if<UnitFailed>(&fact)) take(*failed);
    if (const auto* decided = std::get_if<SelectionDecided>(&fact)) take(*decided);
    if (const auto* done = std::get_if<RequestDone>(&fact)) requests_.insert(done->request);
    if (const auto* gone = std::get_if<AgentGone>(&fact); gone != nullptr && !gone->in_order) {
        given_up_.push_back(gone->incarnation);
    }
    if (const auto* cancelled = std::get_if<UnitsCancelled>(&fact)) take(*cancelled);
    if (const auto* revived = std::get_if<UnitsRevived>(&fact)) take(*revived);
    if (const auto* reopened = std::get_if<UnitReopened>(&fact)) take(*reopened);
    if (const auto* adopted = std::get_if<UnitAdopted>(&fact)) take(*adopted);
    if (const auto* hopeless = std::get_if<UnitFoundHopeless>(&fact)) take(*hopeless);
}

void Ledger::take(const UnitAdopted& fact) {
    const bool is_hopeless = fact.end.cause == Cause::hopeless;
    units_[fact.unit].phase = is_hopeless ? Phase::hopeless : Phase::done;
    if (!is_hopeless) rows_[fact.unit] = fact.end.rows;
}

// A gang is all its ranks, on different nodes.
void Ledger::check_gang(const UnitsAssigned& fact) {
    std::set<std::uint64_t> agents;
    std::uint32_t ranks = 0;
    for (const GangShare& share : fact.gang) {
        ranks += share.ranks;
        agents.insert(share.agent.value);
    }
    for (const auto& [key, attempt] : fact.units) {
        const Resources& asked = scenario_.sweep.stages[key.stage.value].resources;
        const bool is_whole = fact.gang.empty() ? !asked.is_gang() : asked.ranks == ranks;
        if (!is_whole || agents.size() != fact.gang.size()) {
            violate(fmt::format("I8: {} of {} ranks is given {}", name_of(key), asked.ranks, ranks)
            );
        }
    }
}

void Ledger::take(const UnitsAssigned& fact) {
    check_gang(fact);
    for (const auto& [key, attempt] : fact.units) {
        Unit& unit = units_[key];
        const std::string name = name_of(key);
        if (unit.phase == Phase::assigned) violate("I8: " + name + " is assigned twice at once");
        if (unit.phase == Phase::done) violate("I2: " + name + " is done and assigned again");
        if (unit.phase == Phase::cancelled) violate("I7: " + name + " is cancelled and assigned");
        if (unit.phase == Phase::hopeless) violate("I3: " + name + " is hopeless and assigned");
        if (attempt.value <= unit.attempt) {
            violate(fmt::format("I8: attempt {} of {} is used again", attempt.value, name));
        }
        unit.phase = Phase::assigned;
        unit.attempt = attempt.value;
        unit.revived = false;
        unit.may_be_done = false;
    }
}

void Ledger::take(const UnitFinished& fact) {
    Unit& unit = units_[fact.unit];
    const std::string name = name_of(fact.unit);
    if (unit.phase == Phase::done) violate("I2: " + name + " finished twice");
    if (unit.phase == Phase::cancelled) violate("I7: " + name + " is cancelled and finished");
    if (unit.attempt != fact.attempt.value) {
        violate("I6: a superseded attempt of " + name + " became final");
    }
    if (unit.phase == Phase::hopeless) violate("I3: " + name + " is hopeless and finished");
    if (fact.attempt.value <= unit.reopened) {
        violate("I2: " + name + " finished by an attempt from before it was opened again");
    }
    check_rows(unit, fact);
    unit.phase = Phase::done;
    unit.reopened = 0;
    unit.may_stand = false;
    rows_[fact.unit] = fact.end.rows;
}

// What was recorded before the unit was opened again stands, whatever the attempt reports.
void Ledger::check_rows(const Unit& unit, const UnitFinished& fact) {
    const std::string name = name_of(fact.unit);
    const auto run = runs_.find({.unit = fact.unit, .attempt = fact.attempt});
    if (run == runs_.end()) {
        violate("I2: " + name + " finished by an attempt that nobody started");
        return;
    }
    if (unit.may_stand && fact.end.rows == rows_[fact.unit]) return;
    const UnitId& id = run->second.id;
    const Script script = script_of(scenario_, id, fact.unit.stage.value);
    const std::string expected = expected_rows(script, id, run->second.seed, fact.attempt);
    if (fact.end.rows != expected || unit.reopened > 0) {
        violate("I2: the records of " + name + " differ from those of the undisturbed run");
    }
    if (script.hopeless_at > 0) violate("I3: " + name + " is hopeless and nobody saw it");
}

void Ledger::take(const UnitFoundHopeless& fact) {
    Unit& unit = units_[fact.unit];
    const std::string name = name_of(fact.unit);
    const auto run = runs_.find({.unit = fact.unit, .attempt = fact.attempt});
    if (unit.phase == Phase::done) violate("I2: " + name + " is done and hopeless");
    if (unit.phase == Phase::hopeless) violate("I3: " + name + " is hopeless twice");
    if (unit.phase == Phase::cancelled) violate("I7: " + name + " is cancelled and hopeless");
    if (unit.attempt != fact.attempt.value || run == runs_.end()) {
        violate("I6: " + name + " is hopeless by an attempt that is not current");
        return;
    }
    const Script script = script_of(scenario_, run->second.id, fact.unit.stage.value);
    if (script.hopeless_at == 0 || fact.end.rows != hopeless_rows(script)) {
        violate("I2: " + name + " is hopeless by rows that it did not report");
    }
    unit.phase = Phase::hopeless;
}

void Ledger::count_end(Unit& unit, const AttemptEnd& end) {
    if (end.ran <= Millis{0}) return;
    if (is_own_failure(end.cause)) ++unit.own_failures;
    if (is_known_stop(end.cause)) ++unit.known_stops;
    if (end.cause == Cause::agent_lost) ++unit.agent_deaths;
}

void Ledger::take(const UnitGivenBack& fact) {
    Unit& unit = units_[fact.unit];
    const bool held = unit.phase == Phase::assigned || unit.revived;
    if (fact.end.cause == Cause::hopeless) {
        violate("I3: " + name_of(fact.unit) + " is hopeless and goes on");
    }
    if (!held || unit.attempt != fact.attempt.value) {
        violate("I8: " + name_of(fact.unit) + " is given back by an attempt that is not current");
    }
    unit.phase = Phase::open;
    count_end(unit, fact.end);
    const std::uint32_t retries = scenario_.sweep.stages[fact.unit.stage.value].limits.retries;
    if (unit.own_failures > retries) {
        violate("I10: " + name_of(fact.unit) + " is tried more often than its retries allow");
    }
}

// A unit fails for good only for a reason that its script or the faults of this run explain.
void Ledger::take(const UnitFailed& fact) {
    Unit& unit = units_[fact.unit];
    const std::string name = name_of(fact.unit);
    if (unit.phase == Phase::done) violate("I2: " + name + " is done and failed");
    if (unit.phase == Phase::cancelled) violate("I7: " + name + " is cancelled and failed");
    const Limits& limits = scenario_.sweep.stages[fact.unit.stage.value].limits;
    const auto run = runs_.find({.unit = fact.unit, .attempt = fact.attempt});
    if (is_own_failure(fact.end.cause)) {
        const bool known = run != runs_.end();
        const Script script =
            known ? script_of(scenario_, run->second.id, fact.unit.stage.value) : Script{};
        const bool used_up = unit.own_failures <= limits.retries &&
                             unit.own_failures + unit.replaced_failures >= limits.retries;
        if (!used_up || script.failures <= limits.retries) {
            violate(fmt::format("I10: {} failed after {} failures", name, unit.own_failures));
        }
    } else if (fact.end.cause == Cause::no_progress) {
        if (unit.known_stops < 1) violate("I10: " + name + " is failed as no_progress too early");
    } else if (fact.end.cause == Cause::poison) {
        if (unit.agent_deaths < 2 + limits.retries) {
            violate("I10: " + name + " is failed as poison too early");
        }
    } else {
        violate(fmt::format("I17: {} failed as {}", name, cause_name(fact.end.cause)));
    }
    unit.phase = Phase::failed;
}

void Ledger::take(const SelectionDecided& fact) {
    const auto known = decided_.find(fact.select);
    if (known != decided_.end() && known->second) violate("I15: a selection is decided twice");
    decided_[fact.select] = true;
    for (const UnitKey chosen : fact.chosen) {
        if (units_[chosen].phase == Phase::hopeless) {
            violate("I15: " + name_of(chosen) + " is hopeless and chosen");
        }
    }
    // Other units may stand in the places of later stages from now on; attempts go on counting.
    for (auto& [key, unit] : units_) {
        if (key.stage.value == 0) continue;
        // An equal unit may also stand where it stood, and its failures count on.
        const std::uint32_t failures = unit.own_failures + unit.replaced_failures;
        const bool may_be_done = unit.phase == Phase::done || unit.may_be_done;
        begin_anew(unit);
        unit.reopened = 0;
        unit.replaced_failures = failures;
        unit.may_be_done = may_be_done;
    }
}

void Ledger::begin_anew(Unit& unit) {
    unit = Unit{
        .attempt = unit.attempt,
        .revived = true,
        .reopened = unit.reopened,
        .may_stand = unit.may_stand};
}

void Ledger::take(const UnitsCancelled& fact) {
    for (const UnitRange& range : fact.ranges) {
        for (std::uint32_t i = 0; i < range.count; ++i) {
            Unit& unit = units_[{.stage = range.stage, .index = range.first + i}];
            const bool live = unit.phase == Phase::open || unit.phase == Phase::assigned;
            if (live) unit.phase = Phase::cancelled;
        }
    }
}

// Whatever it reports now, its records say the same in the end.
void Ledger::take(const UnitReopened& fact) {
    Unit& unit = units_[fact.unit];
    if (unit.phase != Phase::done && !unit.may_be_done) {
        violate("I2: " + name_of(fact.unit) + " is opened again before it was done");
    }
    if (fact.rows != rows_[fact.unit]) {
        violate("I2: other records of " + name_of(fact.unit) + " stand than it reported");
    }
    begin_anew(unit);
    unit.reopened = unit.attempt;
    unit.may_stand = true;
    for (auto& [select, decided] : decided_) {
        decided = false;
    }
}

// What is revived revives its lost inputs and what failed with it, so only units of the same stages
// that are not named are known to stay as they are.
void Ledger::take(const UnitsRevived& fact) {
    for (auto& [key, unit] : units_) {
        const bool strict = std::any_of(
            fact.ranges.begin(),
            fact.ranges.end(),
            [key = key](const UnitRange& range) {
                const bool inside =
                    key.index >= range.first && key.index - range.first < range.count;
                return key.stage == range.stage && !inside;
            }
        );
        const bool lost = unit.phase == Phase::failed || unit.phase == Phase::cancelled;
        if (lost && !strict) begin_anew(unit);
    }
    for (auto& [select, decided] : decided_) {
        decided = false;
    }
}

}  // namespace xorch::simulation
