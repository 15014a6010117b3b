#include "tests/simulation/coordinator_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/wire/endpoint.h"
#include "core/wire/messages_codec.h"
#include "core/wire/spool_format.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/heir_watch.h"
#include "tests/simulation/network.h"

namespace xorch::simulation {

namespace {

constexpr const char* sweep_hash = "simulated";
constexpr Millis look_again{500};

// After a failed write the loop starts over from what is durable.
constexpr Millis recover_after{1'000};

// The whole state is compared with a replay after every so many writes: often enough to meet every
// kind of fact, seldom enough for thousands of seeds.
constexpr std::uint64_t writes_per_replay = 16;

}  // namespace

CoordinatorProcess::CoordinatorProcess(
    World& world, std::uint32_t number, const CoordinatorPlace& place
)
    : world_(world),
      number_(number),
      place_(place),
      name_(fmt::format("coordinator {}", number)),
      view_(world.disk, place.host, world.dice.split()),
      dice_(world.dice.split()),
      self_{
          .host = fmt::format("host{}", place.host),
          .pid = number,
          .pid_started = 1,
          .job = place.allocation.value == 0 ? "" : fmt::format("{}", place.allocation.value),
          .machine = fmt::format("host{}", place.host)} {}

CoordinatorProcess::~CoordinatorProcess() = default;

void CoordinatorProcess::start() {
    world_.timeline.note(fmt::format("{} starts on host {}", name_, place_.host));
    look();
}

bool CoordinatorProcess::is_paused() const {
    return paused_until_ > world_.timeline.now();
}

bool CoordinatorProcess::listens(EpochNumber epoch) const {
    return reigns() && epoch_ == epoch && !is_paused();
}

void CoordinatorProcess::when_awake(std::function<void()> event) {
    if (!alive_) return;
    if (is_paused()) {
        missed_.push_back(std::move(event));
    } else {
        event();
    }
}

void CoordinatorProcess::pause(Millis how_long) {
    world_.timeline.note(fmt::format("{} is stopped for {}", name_, how_long.count()));
    paused_until_ = world_.timeline.now() + how_long;
    disturb(how_long);
    world_.timeline.at(paused_until_, [this] { resume(); });
}

void CoordinatorProcess::wake_within(Millis how_long) {
    if (!is_paused()) return;
    paused_until_ = std::min(paused_until_, world_.timeline.now() + how_long);
    world_.timeline.at(paused_until_, [this] { resume(); });
}

void CoordinatorProcess::resume() {
    if (is_paused()) return;
    for (const std::function<void()>& event : std::exchange(missed_, {})) {
        when_awake(event);
    }
}

void CoordinatorProcess::disturb(Millis how_long) {
    disturbed_until_ = std::max(disturbed_until_, world_.timeline.now() + how_long);
}

void CoordinatorProcess::kill(CoordinatorDeath how) {
    if (!alive_) return;
    world_.timeline.note(name_ + " dies");
    alive_ = false;
    // An allocation gives it time to go; but for a copy of the job that Slurm took for dead.
    const bool had_time = how == CoordinatorDeath::end_of_allocation && told_to_go_ &&
                          disturbed_until_ < *told_to_go_;
    if (!had_time) world_.heirs->on_silenced();
    lose_reign();
}

// Its relay starts none again.
void CoordinatorProcess::exit_for_good(const std::string& why) {
    exit(why);
    world_.allocations->on_sweep_over(place_.allocation);
}

void CoordinatorProcess::exit(const std::string& why) {
    world_.timeline.note(fmt::format("{} exits: {}", name_, why));
    alive_ = false;
    lose_reign();
}

void CoordinatorProcess::lose_reign() {
    ++life_;
    reign_.reset();
    writer_.reset();
    counter_.reset();
    watch_.reset();
    links_.clear();
    world_.network->break_links_of_coordinator(number_);
}

// True if the process goes no further.
bool CoordinatorProcess::failed(const Error& error, const char* doing) {
    if (view_.dead()) {
        kill(CoordinatorDeath::fault);
        return true;
    }
    if (error.code == ErrorCode::corrupted) {
        world_.violate(fmt::format("I1: {}: {}", doing, error.message));
    }
    if (error.code == ErrorCode::conflict) {
        exit(error.message);
        return true;
    }
    world_.timeline.note(fmt::format("{}: {}: {}", name_, doing, error.message));
    disturb(recover_after);
    lose_reign();
    world_.timeline.after(recover_after, [this] { when_awake([this] { look(); }); });
    return true;
}

Result<State> CoordinatorProcess::read_state(JournalEnd& end, Disk& disk) {
    auto plan = Plan::make(world_.scenario.sweep);
    if (!plan) return tl::unexpected(plan.error());
    State state(std::move(*plan));
    auto replayed = replay_journal(
        disk,
        world_.layout.journal(),
        [&state](const FactBatch& batch, FactLocation at) { return state.apply(batch, at); }
    );
    if (!replayed) return tl::unexpected(replayed.error());
    end = *replayed;
    return state;
}

// Reads the journal and watches its holder until that one may be succeeded.
void CoordinatorProcess::look() {
    JournalEnd end;
    auto state = read_state(end, view_);
    if (!state) {
        failed(state.error(), "reading the journal");
        return;
    }
    if (!watch_ || watched_.epoch != end.epoch) {
        watched_ = end;
        HolderProcess process = HolderProcess::elsewhere;
        if (end.holder.host == self_.host && end.epoch.value != 0) {
            const bool lives = world_.coordinators[end.holder.pid]->alive();
            process = lives ? HolderProcess::here : HolderProcess::gone;
        }
        watch_.emplace(HolderWatch::Question{
            .end = end,
            .self = self_,
            .process = process,
            .silent = world_.scenario.sweep.tuning.holder_silent});
    }
    const auto counter = read_alive(view_, world_.layout.alive(end.epoch));
    if (!counter) {
        failed(counter.error(), "reading the counter");
        return;
    }
    switch (watch_->observe(now(), *counter)) {
        case Succession::refused:
            exit("the sweep is run by somebody");
            return;
        case Succession::undecided:
            world_.timeline.after(look_again, [this] { when_awake([this] { look(); }); });
            return;
        case Succession::allowed:
            break;
    }
    check_succession(end);
    if (place_.allocation.value != 0 && state->allocations()[place_.allocation.value - 1].ended) {
        exit_for_good("its allocation has ended");
        return;
    }
    // Reading a long journal takes time, in which its holder may wake up.
    auto kept = std::make_shared<State>(std::move(*state));
    const Millis replay_time = dice_.between(Millis{0}, Millis{200});
    world_.wake_a_rival(replay_time);
    world_.timeline.after(replay_time, [this, end, kept] {
        when_awake([this, end, kept] { claim(end, std::move(*kept)); });
    });
}

// Only a counter that stood still for long, or an epoch that ended, may be succeeded.
void CoordinatorProcess::check_succession(const JournalEnd& end) {
    for (const auto& other : world_.coordinators) {
        const bool reigns = other.get() != this && other->reigns() && !other->is_paused() &&
                            other->epoch_ == end.epoch && !end.ended;
        const Millis silence = world_.timeline.now() - other->beaten_;
        if (reigns && silence < world_.scenario.sweep.tuning.holder_silent - look_again) {
            world_.violate(fmt::format("I5: {} is succeeded while it lives", other->name_));
        }
    }
}

void CoordinatorProcess::claim(const JournalEnd& end, State state) {
    if (world_.faults.dies_in_writes && !world_.healed() && dice_.chance(0.5)) {
        view_.plan({.kind = DiskFault::Kind::die, .after_writes = dice_.between(0, 80)});
    } else if (world_.faults.writes_fail && !world_.healed() && dice_.chance(0.5)) {
        view_.plan(
            {.kind = DiskFault::Kind::fail,
             .after_writes = dice_.between(0, 80),
             .code = dice_.chance(0.5) ? ErrorCode::no_space : ErrorCode::unavailable,
             .repeats = dice_.between(1, 5)}
        );
    }
    auto writer = JournalWriter::claim(view_, world_.layout.journal(), end, self_, sweep_hash);
    if (!writer) {
        failed(writer.error(), "claiming an epoch");
        return;
    }
    begin(std::move(*writer), std::move(state));
}

void CoordinatorProcess::begin(JournalWriter writer, State state) {
    epoch_ = writer.epoch();
    world_.timeline.note(fmt::format("{} reigns in epoch {}", name_, epoch_.value));
    const std::string path = world_.layout.alive(epoch_);
    auto counter = AliveCounter::open(view_, path);
    if (!counter) {
        failed(counter.error(), "making the counter");
        return;
    }
    const Endpoint endpoint{
        .epoch = epoch_,
        .address = "tcp://simulated",
        .public_key = "none",
        .host = self_.host,
        .pid = number_};
    if (auto written = write_endpoint(view_, world_.layout, endpoint); !written) {
        failed(written.error(), "writing the endpoint");
        return;
    }
    writer_.emplace(std::move(writer));
    counter_.emplace(std::move(*counter));
    watch_.reset();
    appended_ = 0;
    checked_ = 0;
    writes_done_ = 0;
    write_planned_ = false;
    tick_planned_ = Millis::max();
    const std::vector<AllocationState> left = state.allocations();
    reign_ = std::make_unique<Reign>(std::move(state), epoch_, *this, now());
    const std::uint64_t life = ++life_;
    beat(life);
    if (life != life_) return;
    world_.allocations->take_over(*this, left, place_.only_submits);
    reign_->on_tick(now());
    if (leaves_) reign_->on_hand_over(now(), place_.allocation);
    turn();
}

void CoordinatorProcess::beat(std::uint64_t life) {
    if (life != life_) return;
    const auto bumped = counter_->bump();
    if (!bumped && view_.dead()) {
        kill(CoordinatorDeath::fault);
        return;
    }
    if (bumped) beaten_ = world_.timeline.now();
    world_.timeline.after(world_.scenario.sweep.tuning.alive_every, [this, life] {
        when_awake([this, life] { beat(life); });
    });
}

Appended CoordinatorProcess::append(const FactBatch& batch) {
    return {.sequence = ++appended_, .at = writer_->stage(batch)};
}

Result<std::string> CoordinatorProcess::rows(FactLocation at) {
    const auto fact = read_fact(view_, world_.layout.journal(), at);
    if (!fact) return tl::unexpected(fact.error());
    if (const auto* finished = std::get_if<UnitFinished>(&*fact)) return finished->end.rows;
    if (const auto* adopted = std::get_if<UnitAdopted>(&*fact)) return adopted->end.rows;
    return fail(ErrorCode::corrupted, "this fact has no rows");
}

// What every event ends with.
void CoordinatorProcess::turn() {
    if (!reign_) return;
    // A sweep that is paused waits for a person, who is there.
    const bool goes =
        place_.only_submits && !reign_->state().paused() && !reign_->awaits_batch_system(now());
    if (goes) reign_->on_hand_over(now());
    check();
    const std::uint64_t life = life_;
    for (const Outgoing& message : reign_->take()) {
        say(message);
        if (life != life_) return;
    }
    for (const IncarnationId agent : reign_->take_spools_wanted()) {
        world_.timeline.after(dice_.between(Millis{1}, Millis{100}), [this, life, agent] {
            when_awake([this, life, agent] {
                if (life == life_) read_spool(agent);
            });
        });
    }
    if (reign_->finished()) {
        if (reign_->state().complete()) world_.on_complete();
        if (reign_->state().has_open_allocations()) {
            exit("its reign is over");
        } else {
            exit_for_good("its reign is over, and the sweep at rest");
        }
        return;
    }
    plan_write();
    plan_tick();
}

void CoordinatorProcess::adopt(const AdoptionWanted& wanted) {
    auto fact = read_fact(view_, world_.layout.journal(), wanted.from);
    if (!fact) {
        world_.violate("I1: a finished unit's fact cannot be read: " + fact.error().message);
        return;
    }
    UnitAdopted adopted{.unit = wanted.unit, .from = "twin", .end = {}};
    if (const auto* hopeless = std::get_if<UnitFoundHopeless>(&*fact)) adopted.end = hopeless->end;
    if (const auto* finished = std::get_if<UnitFinished>(&*fact)) adopted.end = finished->end;
    if (const auto* other = std::get_if<UnitAdopted>(&*fact)) adopted.end = other->end;
    reign_->on_adopted(now(), {adopted});
}

void CoordinatorProcess::read_spool(IncarnationId agent) {
    const auto bytes = view_.read(world_.layout.spool_file(agent));
    std::vector<AgentMessage> reports;
    if (bytes) {
        auto parsed = parse_spool(agent, *bytes);
        if (!parsed) {
            world_.violate("I1: a spool is damaged: " + parsed.error().message);
            return;
        }
        reports = std::move(parsed->reports);
    }
    world_.timeline.note(fmt::format("{} reads a spool of {}", name_, reports.size()));
    reign_->on_spooled(now(), agent, reports);
    turn();
}

void CoordinatorProcess::plan_write() {
    if (write_planned_ || appended_ == writes_done_) return;
    write_planned_ = true;
    Millis delay = dice_.between(Millis{1}, world_.scenario.sweep.tuning.commit_wait);
    if (world_.faults.slow_disk && !world_.healed() && dice_.chance(0.03)) {
        delay = dice_.between(Millis{0}, Millis{30'000});
        disturb(delay);
    }
    const std::uint64_t life = life_;
    world_.timeline.after(delay, [this, life] { when_awake([this, life] { write(life); }); });
}

void CoordinatorProcess::write(std::uint64_t life) {
    if (life != life_) return;
    write_planned_ = false;
    const std::uint64_t sequence = appended_;
    const std::string staged = writer_->take_staged();
    if (!staged.empty()) {
        if (auto written = writer_->write(staged); !written) {
            if (view_.dead() && dice_.chance(0.3)) world_.disk.crash_host(place_.host);
            failed(written.error(), "writing the journal");
            return;
        }
    }
    writes_done_ = sequence;
    world_.allocations->on_durable(reign_->state().allocations());
    if (sequence % writes_per_replay == 0) check_replay();
    reign_->on_durable(now(), sequence);
    turn();
}

void CoordinatorProcess::plan_tick() {
    const Millis boot = reign_->next_tick();
    if (boot == Millis::max()) return;
    const Millis when = world_.timeline.now() + std::max(boot - now().boot, Millis{0});
    if (tick_planned_ <= when && tick_planned_ > world_.timeline.now()) return;
    tick_planned_ = when;
    const std::uint64_t life = life_;
    world_.timeline.at(when, [this, when, life] {
        when_awake([this, when, life] {
            if (life != life_ || tick_planned_ != when) return;
            tick_planned_ = Millis::max();
            reign_->on_tick(now());
            turn();
        });
    });
}

void CoordinatorProcess::check() {
    if (appended_ == checked_) return;
    checked_ = appended_;
    if (auto sound = reign_->state().check_invariants(); !sound) {
        world_.violate(sound.error().message);
    }
}

// I15: live state is what a replay of the durable journal gives.
void CoordinatorProcess::check_replay() {
    if (appended_ != writes_done_) return;
    JournalEnd end;
    DurableDisk durable(world_.disk);
    const auto replayed = read_state(end, durable);
    if (!replayed) {
        world_.violate("I15: the journal cannot be replayed: " + replayed.error().message);
    } else if (end.epoch == epoch_ && replayed->save() != reign_->state().save()) {
        world_.violate("I15: the live state is not what the journal says");
    }
}

}  // namespace xorch::simulation
