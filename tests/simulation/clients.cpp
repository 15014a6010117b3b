#include "tests/simulation/clients.h"

#include <fmt/format.h>

#include <utility>

#include "core/json.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

namespace {

constexpr Millis ask_again{5'000};
constexpr Millis gives_up{120'000};

}  // namespace

void Clients::act() {
    const std::uint64_t what = world_.dice.below(10);
    if (what < 4) {
        ask("cancel", random_range());
    } else if (what < 7) {
        ask("retry", world_.dice.chance(0.5) ? "" : random_range());
    } else if (what < 8) {
        ask("pause", "");
    } else if (what < 9) {
        ask("reopen", random_done_units());
    } else {
        ask("continue", "");
    }
}

void Clients::resume() {
    ask("continue", "");
}

void Clients::look() {
    const std::string& gate = world_.scenario.sweep.gates.front().name;
    const Object arguments{
        {"gate",   gate                   },
        {"refuse", world_.dice.chance(0.2)}
    };
    ask("approve", format_json(arguments));
}

std::string Clients::random_range() {
    const auto& stages = world_.scenario.sweep.stages;
    const std::size_t stage = world_.dice.below(stages.size());
    std::uint64_t units = 1;
    for (const Axis& axis : stages[stage].axes) {
        units *= axis.values.size();
    }
    const std::uint64_t first = world_.dice.below(units);
    return fmt::format(
        R"({{"ranges":[{{"stage":"{}","first":{},"count":{}}}]}})",
        stages[stage].name,
        first,
        world_.dice.between(1, units - first)
    );
}

// As much as a person reads who looked some time ago: some of them may run again meanwhile.
std::string Clients::random_done_units() {
    Array units;
    for (const auto& [unit, rows] : world_.ledger.rows()) {
        if (!world_.dice.chance(0.6)) continue;
        units.emplace_back(Object{
            {"stage", world_.scenario.sweep.stages[unit.stage.value].name},
            {"index", std::int64_t{unit.index}                           },
            {"rows",  rows                                               }
        });
    }
    return format_json(Object{
        {"units", std::move(units)}
    });
}

void Clients::ask(std::string verb, std::string arguments) {
    const std::string id = fmt::format("request-{}", asked_.size());
    world_.timeline.note(fmt::format("{}: {} {}", id, verb, arguments));
    asked_.push_back({
        .request = {.id = id, .verb = std::move(verb), .arguments = std::move(arguments)},
        .since = world_.timeline.now()
    });
    send(asked_.size() - 1);
}

void Clients::send(std::size_t index) {
    const Asked& asked = asked_[index];
    if (asked.answered || world_.timeline.now() - asked.since > gives_up) return;
    world_.timeline.after(world_.dice.between(Millis{1}, Millis{50}), [this, index] {
        if (CoordinatorProcess* coordinator = world_.reigning()) {
            coordinator->on_request(asked_[index].request);
        }
    });
    world_.timeline.after(ask_again, [this, index] { send(index); });
}

void Clients::on_reply(const ClientReply& reply) {
    for (Asked& asked : asked_) {
        if (asked.request.id == reply.id) asked.answered = true;
    }
}

}  // namespace xorch::simulation
