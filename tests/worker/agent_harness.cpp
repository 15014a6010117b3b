#include "tests/worker/agent_harness.h"

#include <algorithm>
#include <utility>

namespace xorch {

Sweep AgentHarness::one_stage() {
    Sweep sweep;
    sweep.name = "test";
    sweep.stages.emplace_back();
    sweep.stages.back().name = "train";
    return sweep;
}

AgentHarness::AgentHarness(Options options)
    : sweep(std::move(options.sweep)),
      subject(
          sweep,
          AgentSettings{
              .incarnation = {.value = 7},
              .allocation = {.value = 1},
              .node = "n1",
              .pid = 42,
              .capacity = options.capacity,
              .allocation_end_boot = options.allocation_end == Millis{0}
                                         ? Millis{0}
                                         : now.boot + options.allocation_end},
          now
      ) {}

void AgentHarness::advance(Millis by) {
    now.boot += by;
    now.unix += by;
    subject.on_tick(now);
    collect();
}

void AgentHarness::advance_led(Millis by) {
    for (Millis left = by; left > Millis{0};) {
        const Millis step = std::min(left, sweep.tuning.heartbeat_every);
        advance(step);
        hear(CoordinatorHeartbeat{});
        left -= step;
    }
}

void AgentHarness::connect(std::uint32_t epoch) {
    subject.on_connected(now, {.value = epoch});
    collect();
    hear(Welcome{.epoch = {.value = epoch}, .superseded = {}, .acknowledged_through = 0}, epoch);
}

void AgentHarness::hear(const CoordinatorMessage& message, std::uint32_t epoch) {
    subject.on_message(now, {.value = epoch}, message);
    collect();
}

void AgentHarness::assign(std::vector<Assignment> units) {
    hear(Assign{.units = std::move(units)});
}

void AgentHarness::finish(UnitKey unit, std::uint32_t attempt, Cause cause) {
    AttemptEnd end;
    end.cause = cause;
    end.started_unix = now.unix;
    end.ran = Millis{1'000};
    subject.on_attempt(
        now, AttemptOver{.unit = unit, .attempt = {.value = attempt}, .end = std::move(end)}
    );
    collect();
}

std::vector<UnitKey> AgentHarness::started() const {
    std::vector<UnitKey> keys;
    for (const StartAttempt& start : ordered<StartAttempt>()) {
        keys.push_back(start.assignment.unit);
    }
    return keys;
}

void AgentHarness::clear() {
    messages.clear();
    spooled.clear();
    orders.clear();
}

void AgentHarness::collect() {
    AgentOutput out = subject.take();
    messages.insert(messages.end(), out.messages.begin(), out.messages.end());
    spooled.insert(spooled.end(), out.spool.begin(), out.spool.end());
    orders.insert(orders.end(), out.orders.begin(), out.orders.end());
    exited = exited || out.exit;
    reconnect = reconnect || out.reconnect;
}

UnitKey unit_at(std::uint32_t index, std::uint32_t stage) {
    return {.stage = {.value = stage}, .index = index};
}

Assignment assignment_of(UnitKey unit, std::uint32_t attempt) {
    Assignment assignment;
    assignment.unit = unit;
    assignment.attempt = {.value = attempt};
    assignment.id.bytes = {
        static_cast<std::uint8_t>(unit.stage.value), static_cast<std::uint8_t>(unit.index)};
    assignment.params = "{}";
    return assignment;
}

}  // namespace xorch
