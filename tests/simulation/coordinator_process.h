#pragma once

// One coordinator: the production reign, state and journal, and in place of sockets, threads and
// the file system those of the world. What coordinator/serve is on a real machine: claims an epoch
// when it may, writes what the reign decides, says what rests on durable facts.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/decide/reign.h"
#include "coordinator/decide/state.h"
#include "coordinator/journal/alive.h"
#include "coordinator/journal/claim.h"
#include "coordinator/journal/journal.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

struct CoordinatorPlace {
    std::uint32_t host = 0;
    AllocationId allocation = {};  // that it stands by in; none = a person started it
    // Whether it goes as soon as jobs are submitted: others reign in them.
    bool only_submits = false;
};

enum class CoordinatorDeath { fault, end_of_allocation };

class CoordinatorProcess final : public FactSink, public RowSource {
 public:
    CoordinatorProcess(World& world, std::uint32_t number, const CoordinatorPlace& place);
    ~CoordinatorProcess() override;

    void start();
    void receive(std::uint32_t link, const std::string& frame);
    void on_allocations(const std::vector<AllocationEvent>& events);
    void on_request(const ClientRequest& request);
    void request_stop(bool at_once);

    // TERM from its relay: it goes, the sweep goes on. Also who stands by tries to reign first: if
    // nobody does, nobody has queued what comes after.
    void hand_over();

    // kill -9
    void kill(CoordinatorDeath how);

    // SIGSTOP, and SIGCONT after a while: what arrives meanwhile is heard then.
    void pause(Millis how_long);

    // For so long it cannot be blamed for what it does not do.
    void disturb(Millis how_long);

    // SIGCONT comes earlier, if it is stopped.
    void wake_within(Millis how_long);

    bool alive() const { return alive_; }

    bool is_paused() const;

    bool reigns() const { return alive_ && reign_ != nullptr; }

    // Whether a connection to this epoch can be made now.
    bool listens(EpochNumber epoch) const;

    std::uint32_t host() const { return place_.host; }

    const State* state() const { return reign_ ? &reign_->state() : nullptr; }

    DiskView& disk() { return view_; }

    Appended append(const FactBatch& batch) override;
    Result<std::string> rows(FactLocation at) override;

 private:
    void resume();
    void when_awake(std::function<void()> event);
    void look();
    void watch(const JournalEnd& end);
    void check_succession(const JournalEnd& end);
    void claim(const JournalEnd& end, State state);
    Result<State> read_state(JournalEnd& end, Disk& disk);
    void begin(JournalWriter writer, State state);
    void beat(std::uint64_t life);
    void turn();
    void say(const Outgoing& message);
    void say_to_agent(const ToAgent& message);
    std::optional<CoordinatorMessage> message_of(const ToAgent& message);
    void adopt(const AdoptionWanted& wanted);
    void read_spool(IncarnationId agent);
    void plan_write();
    void write(std::uint64_t life);
    void plan_tick();
    void check();
    void check_replay();
    bool failed(const Error& error, const char* doing);
    void lose_reign();
    void exit(const std::string& why);
    void exit_for_good(const std::string& why);
    bool hears_from(AllocationId allocation) const;
    void hear_queue(const std::vector<AllocationEvent>& answer);

    Now now() const { return world_.now_on(place_.host); }

    World& world_;
    std::uint32_t number_;
    CoordinatorPlace place_;
    std::string name_;
    DiskView view_;
    Dice dice_;
    Holder self_;
    bool alive_ = true;
    Millis paused_until_{0};
    Millis disturbed_until_{0};  // by faults that keep it from doing what it should
    std::optional<Millis> told_to_go_;
    bool leaves_ = false;  // it knows that
    std::vector<std::function<void()>> missed_;

    std::optional<HolderWatch> watch_;
    JournalEnd watched_;

    // Of the epoch that it holds; `life_` tells events of an earlier one apart.
    std::uint64_t life_ = 0;
    std::optional<JournalWriter> writer_;
    std::optional<AliveCounter> counter_;
    std::unique_ptr<Reign> reign_;
    EpochNumber epoch_;
    Millis beaten_{0};  // when its counter moved last
    std::uint64_t appended_ = 0;
    std::uint64_t checked_ = 0;
    std::uint64_t writes_done_ = 0;
    bool write_planned_ = false;
    std::map<IncarnationId, std::uint32_t> links_;
    Millis tick_planned_ = Millis::max();
};

}  // namespace xorch::simulation
