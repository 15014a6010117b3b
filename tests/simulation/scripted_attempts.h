#pragma once

// Executes attempts as their units' scripts say, in virtual time, with real checkpoints on the
// simulated disk: what worker/attempt_runner.h is to a real agent. Knows better than the agent what
// still lives (invariants I9, I14).

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/layout.h"
#include "tests/simulation/ranks.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/timeline.h"
#include "tests/simulation/unit_history.h"
#include "worker/agent.h"

namespace xorch::simulation {

struct AttemptsWorld {
    Timeline& timeline;
    const Scenario& scenario;
    DiskView& disk;
    SweepLayout layout;
    UnitHistory& history;
    Ranks& ranks;
    std::uint32_t host = 0;
    std::string name;  // of the agent, for messages
};

class ScriptedAttempts {
 public:
    ScriptedAttempts(AttemptsWorld world, Dice dice, std::function<void(AttemptNews)> report);

    void carry_out(Now now, const AttemptOrder& order);

    // The agent died and the keeper killed every descendant.
    void end_all() { attempts_.clear(); }

    bool empty() const { return attempts_.empty(); }

    std::size_t count() const { return attempts_.size(); }

    std::uint32_t cpus() const;

    // Millis on the timeline at which a superseded attempt was told to die; the oldest that lives.
    std::optional<Millis> oldest_superseded() const;

 private:
    struct Attempt {
        Assignment assignment;
        Script script;
        std::uint32_t step = 0;
        std::uint64_t state = 0;
        std::uint64_t sequence = 0;  // of its next checkpoint
        bool resumed = false;
        bool saving = false;
        bool ending = false;
        bool killed = false;
        std::optional<Cause> stop;
        Millis started{0};
        Millis segment_began{0};
        Millis started_unix{0};
        std::optional<Millis> superseded;
        std::uint64_t turn = 0;  // events of an earlier turn are void
    };

    using Key = std::pair<UnitKey, AttemptNumber>;

    void start(Now now, const StartAttempt& order);
    void stop(const EndAttempt& order);
    void resume(Attempt& attempt);
    void check_start(const Attempt& attempt);
    void check_inputs(const Assignment& assignment);
    std::uint32_t cpus_of(const Assignment& assignment) const;
    void check_resumed(const Attempt& attempt, std::size_t damaged);
    void run_on(const Key& key);
    void arrive(const Key& key, std::uint32_t step);
    void give_up(const Key& key);
    void save(const Key& key, bool then_exit);
    void seal(const Key& key, bool then_exit);
    bool write_checkpoint(Attempt& attempt);
    void advance_partly(Attempt& attempt);
    void move_to(Attempt& attempt, std::uint32_t step);
    static bool has_shown_hopeless(const Attempt& attempt);
    void finish(const Key& key, AttemptEnd end, Millis delay);
    AttemptEnd stopped_end(const Attempt& attempt, Cause cause) const;
    void later(const Key& key, Millis delay, std::function<void()> event);
    Attempt* find(const Key& key);

    AttemptsWorld world_;
    Dice dice_;
    std::function<void(AttemptNews)> report_;
    std::map<Key, Attempt> attempts_;
    std::uint64_t turns_ = 0;
};

}  // namespace xorch::simulation
