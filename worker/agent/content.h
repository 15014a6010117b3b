#pragma once

// What an Agent consists of. Its reactions to messages and news are in worker/agent.cpp, what it
// says and hears in connection.cpp, what starts and stops when in slots.cpp. Every event ends with
// settle(). Loop thread only.

#include <optional>
#include <string>

#include "core/allocation.h"
#include "worker/agent.h"
#include "worker/agent/holdings.h"
#include "worker/agent/reports.h"
#include "worker/agent/slice.h"

namespace xorch {

struct Agent::Content {
    static constexpr Millis never = Millis::max();

    // What it means to leave: nothing new starts, and once nothing runs it says goodbye.
    struct Leaving {
        Cause cause = Cause::stop_request;
        std::string reason;
        Millis kill_at = never;  // what still runs then is killed
        std::optional<Millis> goodbye_at;
    };

    Content(const Sweep& the_sweep, AgentSettings the_settings, Now now)
        : sweep(the_sweep),
          settings(std::move(the_settings)),
          holdings(sweep, settings.capacity),
          slices(sweep),
          allocation_end(settings.allocation_end_boot),
          last_heard(now.boot) {}

    // Epochs never go back.
    bool may_follow(EpochNumber epoch) const;
    void say_hello(Now now);
    Millis allocation_left(Now now) const;
    void say(AgentMessage message);
    void flush_reports();
    void drop_connection();

    void on_welcome(Now now, const Welcome& welcome);
    void forget_through(Now now, std::uint64_t sequence);
    void on_assign(const Assign& assign);
    void on_stop(const StopAttempt& stop);
    void supersede(AssignedUnit attempt);
    void on_allocation_left(Now now, Millis left);
    void on_order(Now now, const CoordinatorMessage& message);
    void on_news(const AttemptNews& news);
    void on_over(const AttemptOver& over);

    void end_attempt(Held& held, Cause cause, bool at_once);
    void give_back_unstarted(AssignedUnit attempt, Cause cause, std::string message);
    void leave(Leaving how, bool at_once);
    void settle(Now now);

    // 0 = the allocation has no end.
    Millis stop_at(UnitKey unit) const;
    Millis kill_at() const;
    bool worthwhile(Now now, UnitKey unit) const;
    void start_fitting(Now now);
    StartAttempt start_order(Now now, const Assignment& assignment) const;

    void watch_deadlines(Now now);
    void watch_connection(Now now);
    void leave_if_time_is_up(Now now);
    void finish_leaving(Now now);
    Millis silent_at() const;
    Millis repeat_at() const;
    Millis leaderless_at() const;
    Millis forsaken_at() const;
    bool has_gangs() const;
    void give_up_gangs();
    Millis gone_at() const;
    Millis next_deadline() const;

    const Sweep& sweep;
    AgentSettings settings;
    Holdings holdings;
    Reports reports;
    SliceRules slices;
    AgentOutput out;

    Millis allocation_end;
    std::optional<Leaving> leaving;

    EpochNumber highest_epoch;
    bool connected = false;
    bool welcomed = false;  // until then only a Welcome counts: the rest is of an older connection
    Millis last_heard;
    bool ended_foreign = false;  // ranks led elsewhere, since then
    Millis last_hello{0};
    Millis last_progress{0};  // of the coordinator with our reports
    Millis next_heartbeat = never;
};

}  // namespace xorch
