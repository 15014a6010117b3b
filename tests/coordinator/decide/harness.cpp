#include "tests/coordinator/decide/harness.h"

#include <algorithm>

namespace xorch {

Appended MemoryJournal::append(const FactBatch& batch) {
    const FactLocation at{.segment = epoch, .fact = 0, .offset = 64 + entries.size()};
    entries.push_back({batch, at});
    return {.sequence = entries.size(), .at = at};
}

Harness::Harness(Sweep sweep) : sweep_(std::move(sweep)) {
    reign = std::make_unique<Reign>(make_state(sweep_), EpochNumber{1}, journal, now);
    reign->on_tick(now);
    reign->on_allocation(
        now,
        {
            AllocationSubmitted{AllocationId{1}, "job-1"}
    }
    );
    reign->on_allocation(
        now,
        {
            AllocationStarted{AllocationId{1}, {}}
    }
    );
    check();
    drain();
    take_facts();
}

std::vector<Outgoing> Harness::drain() {
    reign->on_durable(now, journal.entries.size());
    return reign->take();
}

std::vector<Fact> Harness::take_facts() {
    std::vector<Fact> facts;
    for (; facts_taken_ < journal.entries.size(); ++facts_taken_) {
        const std::vector<Fact>& batch = journal.entries[facts_taken_].batch.facts;
        facts.insert(facts.end(), batch.begin(), batch.end());
    }
    return facts;
}

IncarnationId Harness::join(
    std::uint64_t incarnation, const std::string& node, std::uint32_t cpus
) {
    AgentHello hello;
    hello.incarnation = {incarnation};
    hello.allocation = {1};
    hello.node = node;
    hello.capacity.cpus = cpus;
    hello.first_unacknowledged = 1;
    say(hello.incarnation, hello);
    return hello.incarnation;
}

void Harness::hello(
    IncarnationId from, std::vector<AssignedUnit> holding, std::uint64_t first_report
) {
    const AgentState* known = state().find_agent(from);
    AgentHello hello;
    hello.incarnation = from;
    hello.allocation = {1};
    hello.node = known == nullptr ? "node-1" : known->node;
    hello.capacity.cpus = known == nullptr ? 2 : known->capacity.cpus;
    hello.holding = std::move(holding);
    hello.first_unacknowledged = first_report;
    say(from, hello);
}

void Harness::say(IncarnationId from, AgentMessage message) {
    reign->on_agent_message(now, from, message);
    check();
}

void Harness::say_all(IncarnationId from, std::vector<AgentMessage> messages) {
    reign->on_agent_messages(now, from, messages);
    check();
}

void Harness::started(IncarnationId from, UnitKey unit) {
    say(from, AttemptStarted{unit, AttemptNumber{state().unit(unit).attempt}, 1});
}

void Harness::sealed(IncarnationId from, UnitKey unit, std::uint64_t sequence, std::int64_t step) {
    CheckpointReport report;
    report.sequence = next_report(from)++;
    report.sealed = {unit, AttemptNumber{state().unit(unit).attempt}, sequence, step, Millis{10}};
    say(from, report);
}

EndReport Harness::report(IncarnationId from, UnitKey unit, std::uint32_t attempt, AttemptEnd how) {
    return {next_report(from)++, unit, AttemptNumber{attempt}, std::move(how)};
}

void Harness::end(IncarnationId from, UnitKey unit, AttemptEnd how) {
    say(from, report(from, unit, state().unit(unit).attempt, std::move(how)));
}

void Harness::finish(IncarnationId from, UnitKey unit, const std::string& rows) {
    AttemptEnd how = ended(Cause::none, Millis{5'000});
    how.rows = rows;
    end(from, unit, how);
}

void Harness::request(
    const std::string& id, const std::string& verb, const std::string& arguments
) {
    reign->on_request(now, {id, verb, arguments});
    check();
}

void Harness::tick_after(Millis passed) {
    now.boot += passed;
    now.unix += passed;
    reign->on_tick(now);
    check();
}

void Harness::crash() {
    ++journal.epoch;
    State state = replay(sweep_, journal);
    reign = std::make_unique<Reign>(std::move(state), EpochNumber{journal.epoch}, journal, now);
    check();
}

std::vector<UnitKey> Harness::held(IncarnationId agent) const {
    const AgentState* known = state().find_agent(agent);
    return known == nullptr ? std::vector<UnitKey>{} : known->holding;
}

void Harness::run_to_end(IncarnationId agent) {
    while (!held(agent).empty())
        finish(agent, held(agent).front());
}

void Harness::check() {
    const auto sound = state().check_invariants();
    XORCH_CHECK(sound.has_value(), sound.error().message);
}

std::uint64_t& Harness::next_report(IncarnationId agent) {
    for (auto& [known, next] : reports_) {
        if (known == agent) return next;
    }
    return reports_.emplace_back(agent, 1).second;
}

State replay(const Sweep& sweep, const MemoryJournal& journal) {
    State state = make_state(sweep);
    for (const auto& [batch, at] : journal.entries) {
        const auto applied = state.apply(batch, at);
        XORCH_CHECK(applied.has_value(), applied.error().message);
    }
    return state;
}

}  // namespace xorch
