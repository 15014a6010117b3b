#include "tests/simulation/agent_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/wire/endpoint.h"
#include "core/wire/messages_codec.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/network.h"
#include "tests/simulation/ranks.h"

namespace xorch::simulation {

namespace {

constexpr Millis look_unconnected{1'000};
constexpr Millis look_connected{5'000};

// From the news that an attempt is superseded to its last process: an orphan may take 2 s to kill.
constexpr Millis kill_budget{5'000};

}  // namespace

AgentProcess::AgentProcess(World& world, std::uint32_t number, const AgentPlace& place)
    : world_(world),
      number_(number),
      place_(place),
      incarnation_{world.dice.next() | 1U},
      name_(fmt::format("agent {}", number)),
      view_(world.disk, place.host, world.dice.split()),
      dice_(world.dice.split()),
      soonest_end_(place.end == Millis{0} ? Millis::max() : place.end) {
    const Millis end_boot =
        place.end == Millis{0} ? Millis{0} : now().boot + (place.end - world.timeline.now());
    agent_.emplace(
        world.scenario.sweep,
        AgentSettings{
            .incarnation = incarnation_,
            .allocation = place.allocation,
            .node = fmt::format("node{}", place.host),
            .pid = number,
            .capacity = world.scenario.capacity,
            .allocation_end_boot = end_boot},
        now()
    );
    spool_.emplace(view_, world.layout.spool_file(incarnation_), incarnation_);
    attempts_ = std::make_unique<ScriptedAttempts>(
        AttemptsWorld{
            .timeline = world.timeline,
            .scenario = world.scenario,
            .disk = view_,
            .layout = world.layout,
            .history = world.history,
            .ranks = *world.ranks,
            .host = place.host,
            .name = name_},
        world.dice.split(),
        [this](AttemptNews news) {
            news_.push_back(std::move(news));
            world_.timeline.after(Millis{0}, [this] { hear_attempts(); });
        }
    );
}

void AgentProcess::start() {
    world_.timeline.note(fmt::format("{} starts on node {}", name_, place_.host));
    if (world_.faults.agent_dies_in_writes && !world_.healed() && dice_.chance(0.5)) {
        view_.plan({.kind = DiskFault::Kind::die, .after_writes = dice_.between(0, 60)});
    }
    turn();
    look_for_coordinator();
}

void AgentProcess::look_for_coordinator() {
    if (!alive_) return;
    world_.timeline.after(link_ ? look_connected : look_unconnected, [this] {
        look_for_coordinator();
    });
    const auto endpoint = find_coordinator();
    if (!endpoint || (link_ && endpoint->epoch == link_epoch_)) return;
    CoordinatorProcess& coordinator = *world_.coordinators[endpoint->pid];
    if (!coordinator.listens(endpoint->epoch)) return;
    if (!world_.network->reaches(place_.host, coordinator.host())) return;
    if (link_) {
        const std::uint32_t old = *link_;
        link_.reset();
        world_.network->break_link(old);
        agent_->on_disconnected(now());
    }
    link_ = world_.network->connect(number_, static_cast<std::uint32_t>(endpoint->pid));
    link_epoch_ = endpoint->epoch;
    linked_ = world_.timeline.now();
    world_.timeline.note(fmt::format("{} connects to epoch {}", name_, link_epoch_.value));
    agent_->on_connected(now(), link_epoch_);
    turn();
}

std::optional<Endpoint> AgentProcess::find_coordinator() {
    auto found = find_endpoint(view_, world_.layout);
    if (!found || !found->has_value()) return std::nullopt;
    const bool stale = world_.faults.stale_listings && !world_.healed() && dice_.chance(0.2);
    if (!stale || (*found)->epoch.value < 2) return *found;
    // A cached directory shows what was there some time ago.
    const EpochNumber older{(*found)->epoch.value - 1};
    const auto text = view_.read(world_.layout.endpoint(older));
    if (!text) return *found;
    auto endpoint = parse_endpoint(*text);
    return endpoint ? std::optional(*endpoint) : *found;
}

void AgentProcess::receive(std::uint32_t link, const std::string& frame) {
    if (!alive_ || link_ != link) return;
    const auto decoded = decode_coordinator_frame(frame);
    if (!decoded) {
        world_.violate("I16: a frame of ours is not understood: " + decoded.error().message);
        return;
    }
    for (const CoordinatorMessage& message : decoded->messages) {
        agent_->on_message(now(), decoded->epoch, message);
    }
    turn();
}

void AgentProcess::on_disconnected(std::uint32_t link) {
    if (!alive_ || link_ != link) return;
    link_.reset();
    agent_->on_disconnected(now());
    turn();
}

bool AgentProcess::was_connected_for(EpochNumber epoch, Millis how_long) const {
    return alive_ && link_ && link_epoch_ == epoch && world_.timeline.now() - linked_ >= how_long;
}

void AgentProcess::terminate() {
    if (!alive_) return;
    if (!told_to_go_) told_to_go_ = world_.timeline.now();
    hears_term_ = true;
    agent_->on_terminate(now());
    turn();
    hears_term_ = false;
}

void AgentProcess::kill() {
    if (!alive_) return;
    alive_ = false;
    world_.timeline.note(name_ + " dies");
    attempts_->end_all();
    link_.reset();
    world_.network->break_links_of_agent(number_);
}

void AgentProcess::hear_attempts() {
    if (!alive_) return;
    if (view_.dead()) {
        world_.allocations->on_agent_died(*this);
        return;
    }
    for (const AttemptNews& news : std::exchange(news_, {})) {
        agent_->on_attempt(now(), news);
    }
    turn();
}

void AgentProcess::turn() {
    if (!alive_) return;
    if (now().boot >= agent_->next_tick()) agent_->on_tick(now());
    const AgentOutput out = agent_->take();
    keep_spool(out);
    if (!view_.dead()) send(out.messages);
    for (const AttemptOrder& order : out.orders) {
        check_order(order);
        if (!view_.dead()) attempts_->carry_out(now(), order);
    }
    if (view_.dead()) {
        world_.allocations->on_agent_died(*this);
        return;
    }
    if (out.reconnect && link_) {
        const std::uint32_t old = *link_;
        link_.reset();
        world_.network->break_link(old);
    }
    check_kills();
    if (out.exit) {
        if (!attempts_->empty()) world_.violate("I14: " + name_ + " left attempts behind");
        world_.allocations->on_agent_left(*this);
        return;
    }
    plan_tick();
}

void AgentProcess::keep_spool(const AgentOutput& out) {
    for (const AgentMessage& report : out.spool) {
        world_.ledger.on_report(incarnation_, report);
    }
    const auto appended = spool_->append(out.spool);
    const auto& kept = agent_->unacknowledged();
    const bool wants = !appended || spool_->wants_rewrite(kept.size()) || dice_.chance(0.01);
    if (!wants || view_.dead()) return;
    if (const auto rewritten = spool_->rewrite(kept); !rewritten && !view_.dead()) {
        world_.violate("I1: the spool cannot be written: " + rewritten.error().message);
    }
}

void AgentProcess::send(const std::vector<AgentMessage>& messages) {
    if (!link_ || messages.empty()) return;
    auto frames = encode_agent_frames(incarnation_, messages);
    if (!frames) {
        world_.violate("I13: messages do not fit a frame: " + frames.error().message);
        return;
    }
    for (std::string& frame : *frames) {
        world_.network->send_to_coordinator(*link_, std::move(frame));
    }
}

void AgentProcess::check_order(const AttemptOrder& order) {
    if (const auto* begin = std::get_if<StartAttempt>(&order)) {
        world_.ledger.on_started(begin->assignment);
        world_.allocations->on_unit_started(*this);
        return;
    }
    if (const auto* over = std::get_if<EndRanks>(&order)) {
        world_.ranks->end_on(place_.host, {over->id, over->attempt});
    } else if (const auto* foreign = std::get_if<EndForeignRanks>(&order)) {
        world_.ranks->end_all_on(place_.host, foreign->but);
    }
    // Slurm says TERM twice at once. What can checkpoint still has its time.
    const auto* end = std::get_if<EndAttempt>(&order);
    if (end == nullptr || !end->at_once || !hears_term_) return;
    const Millis time = world_.timeline.now();
    const Millis slack = world_.scenario.sweep.tuning.drain_slack;
    const bool had_time = time - told_to_go_.value_or(time) >= slack;
    if (!had_time && time < soonest_end_ - slack)
        world_.violate("I4: TERM ends attempts at once at " + name_);
}

void AgentProcess::check_kills() {
    const Millis time = world_.timeline.now();
    const auto superseded = attempts_->oldest_superseded();
    if (superseded && time - *superseded > kill_budget) {
        world_.violate("I14: a superseded attempt lives on at " + name_);
    }
    if (place_.end != Millis{0} && time > place_.end && !attempts_->empty()) {
        world_.violate("I14: an attempt outlives the allocation of " + name_);
    }
}

void AgentProcess::plan_tick() {
    const Millis boot = agent_->next_tick();
    if (boot == Millis::max()) return;
    const Millis when = world_.timeline.now() + std::max(boot - now().boot, Millis{0});
    // An earlier tick plans this one.
    if (tick_planned_ <= when && tick_planned_ > world_.timeline.now()) return;
    tick_planned_ = when;
    world_.timeline.at(when, [this, when] {
        if (tick_planned_ != when) return;
        tick_planned_ = Millis::max();
        turn();
    });
}

}  // namespace xorch::simulation
