#pragma once

// An agent with a scripted coordinator and executor: tests say what arrives and look at what was
// said and ordered.

#include <cstdint>
#include <string>
#include <vector>

#include "core/messages.h"
#include "core/sweep.h"
#include "worker/agent.h"

namespace xorch {

class AgentHarness {
 public:
    struct Options {
        Capacity capacity{.cpus = 2};
        Millis allocation_end{0};
        Sweep sweep = one_stage();
    };

    static Sweep one_stage();

    AgentHarness() : AgentHarness(Options{}) {}

    explicit AgentHarness(Options options);

    void advance(Millis by);                // one tick at the end
    void advance_led(Millis by);            // the same with a coordinator that is heard meanwhile
    void connect(std::uint32_t epoch = 1);  // and welcome
    void hear(const CoordinatorMessage& message, std::uint32_t epoch = 1);
    void assign(std::vector<Assignment> units);
    void finish(UnitKey unit, std::uint32_t attempt = 1, Cause cause = Cause::none);

    // What the agent said, spooled and ordered since the last clear().
    template <class T>
    std::vector<T> said() const {
        return of_type<T>(messages);
    }

    template <class T>
    std::vector<T> ordered() const {
        return of_type<T>(orders);
    }

    std::vector<UnitKey> started() const;

    std::vector<EndReport> ends() const { return said<EndReport>(); }

    void clear();

    Sweep sweep;
    Now now{.boot = Millis{1'000'000}, .unix = Millis{1'700'000'000'000}};
    Agent subject;
    std::vector<AgentMessage> messages;
    std::vector<AgentMessage> spooled;
    std::vector<AttemptOrder> orders;
    bool exited = false;
    bool reconnect = false;

 private:
    template <class T, class Variant>
    static std::vector<T> of_type(const std::vector<Variant>& all) {
        std::vector<T> found;
        for (const Variant& each : all) {
            if (const T* one = std::get_if<T>(&each)) found.push_back(*one);
        }
        return found;
    }

    void collect();
};

UnitKey unit_at(std::uint32_t index, std::uint32_t stage = 0);
Assignment assignment_of(UnitKey unit, std::uint32_t attempt = 1);

}  // namespace xorch
