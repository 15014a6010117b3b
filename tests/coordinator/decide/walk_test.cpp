// Random walks through everything that can happen to a reign, each from a printed seed.

#include <gtest/gtest.h>

#include <random>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;

// Stages with inputs, an equal unit, a selection, gangs, canaries and retries.
Sweep everything() {
    Stage small = make_stage("small", 5);
    small.canary = true;
    small.limits.retries = 1;
    Stage again = make_stage("again", 3);
    again.argv = small.argv;
    Stage large = make_stage("large", 2);
    large.axes.front().name = "repeat";
    large.argv = {"large", "{i}", "{repeat}"};
    large.promote = "best";
    large.resources.cpus = 2;
    Stage report = make_stage("report", 5);
    report.needs = {"small", "large"};
    report.limits.timeout = 20s;
    Stage wide = make_gangs("wide", 3, 3);
    wide.needs = {"small"};
    wide.limits.retries = 1;
    Sweep sweep = make_sweep({small, again, large, report, wide});
    Select best;
    best.name = "best";
    best.from = "small";
    best.order = {
        {.metric = "loss", .minimise = true}
    };
    best.take = 2;
    sweep.selects = {best};
    return sweep;
}

class Walk {
 public:
    explicit Walk(std::uint32_t seed) : random_(seed), harness_(everything()) {}

    void step() {
        if (harness_.reign->finished() || chance(0.02)) resume();
        switch (pick(12)) {
            case 0:
                join();
                break;
            case 1:
                harness_.tick_after(Millis{pick(20'000)});
                break;
            case 2:
                request();
                break;
            case 3:
                spool();
                break;
            case 4:
                allocation();
                break;
            case 5:
                obey();
                break;
            default:
                agent_does_something();
        }
        if (++steps_ % 10 == 0) compare();
        if (chance(0.3)) harness_.drain();
    }

    // Faults stop: one good agent, and everything runnable finishes (I17).
    void heal() {
        AgentHello hello;
        hello.incarnation = {0xbeef};
        hello.node = "good-node";
        hello.capacity.cpus = 4;
        hello.first_unacknowledged = 1;
        for (int i = 0; i < 400 && !complete(); ++i) {
            if (harness_.reign->finished()) resume();
            spool();
            obey();
            const std::vector<AllocationState>& allocations = harness_.state().allocations();
            hello.allocation = {static_cast<std::uint32_t>(allocations.size())};
            const AgentState* agent = harness_.state().find_agent(hello.incarnation);
            if (agent == nullptr || agent->gone) harness_.say(hello.incarnation, hello);
            harness_.say(hello.incarnation, AgentHeartbeat{.running = 100});
            if (!harness_.held(hello.incarnation).empty()) {
                const UnitKey unit = harness_.held(hello.incarnation).front();
                harness_.finish(hello.incarnation, unit, "{\"loss\": 1}\n");
            }
            harness_.tick_after(5s);
            obey();
        }
    }

    // For the message of a failure.
    std::string describe() {
        if (harness_.reign->finished()) resume();
        harness_.drain();
        harness_.request("describe", "status");
        const auto replies = said<ClientReply>(harness_.drain());
        return replies.empty() ? "no reply" : replies.back().text;
    }

    bool complete() const { return harness_.state().complete(); }

 private:
    std::uint32_t pick(std::uint32_t below) {
        return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
    }

    bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }

    void resume() {
        harness_.crash();
        harness_.drain();
        harness_.request("resume" + std::to_string(++requests_), "retry");
    }

    void join() {
        const auto& allocations = harness_.state().allocations();
        AgentHello hello;
        hello.incarnation = {++agents_ * 16};
        hello.allocation = {static_cast<std::uint32_t>(allocations.size())};
        hello.node = "node-" + std::to_string(pick(3));
        hello.capacity.cpus = 1 + pick(3);
        hello.first_unacknowledged = 1;
        harness_.say(hello.incarnation, hello);
    }

    void request() {
        static const std::vector<std::pair<std::string, std::string>> all = {
            {"cancel",   R"({"units": ["small/1"]})"           },
            {"cancel",   R"({"stages": ["report"]})"           },
            {"cancel",   R"({"units": ["again/2", "small/3"]})"},
            {"cancel",   R"({"units": ["wide/0", "wide/2"]})"  },
            {"retry",    ""                                    },
            {"retry",    R"({"stages": ["report"]})"           },
            {"pause",    ""                                    },
            {"continue", ""                                    },
            {"retry",    R"({"stages": ["small"]})"            },
            {"stop",     ""                                    }
        };
        const auto& [verb, arguments] = all[pick(static_cast<std::uint32_t>(all.size()))];
        if (verb == "stop" && !chance(0.1)) return;
        harness_.request("r" + std::to_string(++requests_), verb, arguments);
    }

    void spool() {
        for (const IncarnationId agent : harness_.reign->take_spools_wanted())
            harness_.reign->on_spooled(harness_.now, agent, {});
    }

    void allocation() {
        const auto& allocations = harness_.state().allocations();
        if (allocations.empty() || allocations.back().ended) return;
        const AllocationId last = allocations.back().allocation;
        if (chance(0.7)) {
            harness_.reign->on_allocation(
                harness_.now,
                {
                    AllocationStarted{last, {}}
            }
            );
        } else if (chance(0.3)) {
            harness_.reign->on_allocation(
                harness_.now,
                {
                    AllocationEnded{last, "time"}
            }
            );
        }
    }

    // What the loop and obedient agents do with messages.
    void obey() {
        for (const Outgoing& message : harness_.drain()) {
            if (const auto* wanted = std::get_if<AdoptionWanted>(&message)) {
                harness_.reign->on_adopted(
                    harness_.now,
                    {
                        {wanted->unit, "twin", ended(Cause::none)}
                }
                );
            }
            const auto* to = std::get_if<ToAgent>(&message);
            if (to != nullptr && std::holds_alternative<Leave>(to->message)) {
                harness_.say(to->to, AgentGoodbye{"asked to"});
            }
        }
    }

    void agent_does_something() {
        const auto& present = harness_.state().present_agents();
        if (present.empty()) return join();
        const AgentState& agent =
            harness_.state().agents()[present[pick(static_cast<std::uint32_t>(present.size()))]];
        const IncarnationId id = agent.incarnation;
        if (chance(0.03)) return harness_.say(id, AgentGoodbye{"asked to"});
        if (chance(0.2) || agent.holding.empty()) return heartbeat(agent);
        const UnitKey unit = agent.holding[pick(static_cast<std::uint32_t>(agent.holding.size()))];
        switch (pick(8)) {
            case 0:
                return harness_.started(id, unit);
            case 1:
                return harness_.sealed(id, unit, 1, static_cast<std::int64_t>(pick(20)) - 1);
            case 2:
                return harness_.end(id, unit, bad_end());
            case 3:  // of an attempt that is not current
                return harness_.say(id, harness_.report(id, unit, 1 + pick(4), bad_end()));
            default:
                return harness_.finish(id, unit, "{\"loss\": " + std::to_string(pick(4)) + "}\n");
        }
    }

    void heartbeat(const AgentState& agent) {
        if (chance(0.5)) {
            const auto count = static_cast<std::uint32_t>(agent.holding.size());
            AgentHeartbeat beat;
            beat.running = count - std::min(count, pick(2));
            return harness_.say(agent.incarnation, beat);
        }
        std::vector<AssignedUnit> holding;
        for (const UnitKey unit : agent.holding) {
            if (chance(0.2)) continue;
            holding.push_back({unit, AttemptNumber{harness_.state().unit(unit).attempt}});
        }
        harness_.hello(agent.incarnation, holding);
    }

    AttemptEnd bad_end() {
        static const std::vector<Cause> causes = {
            Cause::user_error,
            Cause::crash,
            Cause::time_limit,
            Cause::checkpointed,
            Cause::stop_request,
            Cause::agent_lost,
            Cause::timeout,
            Cause::preempted};
        const Cause cause = causes[pick(static_cast<std::uint32_t>(causes.size()))];
        return ended(cause, Millis{pick(5'000)});
    }

    void compare() {
        const State replayed = replay(sweep_, harness_.journal);
        const std::string bytes = harness_.state().save();
        ASSERT_EQ(replayed.save(), bytes) << "replay and live differ";
        auto plan = Plan::make(sweep_);
        const auto loaded = State::load(std::move(*plan), bytes);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        ASSERT_EQ(loaded->save(), bytes) << "the snapshot and live differ";
    }

    std::mt19937 random_;
    Sweep sweep_ = everything();
    Harness harness_;
    std::uint64_t agents_ = 100;
    int requests_ = 0;
    int steps_ = 0;
};

TEST(Walk, LeavesLiveReplayedAndLoadedStateEqualAndFinishesOnceFaultsStop) {
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Walk walk(seed);
        for (int i = 0; i < 200 && !HasFatalFailure(); ++i)
            walk.step();
        if (HasFatalFailure()) return;
        walk.heal();
        ASSERT_TRUE(walk.complete()) << walk.describe();
    }
}

}  // namespace
}  // namespace xorch
