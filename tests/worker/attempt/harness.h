#pragma once

// Runs attempts of one-stage sweeps with real processes, and waits for what they report: on the
// runner's descriptor, for a bounded number of turns. Time may be moved ahead, so that no test
// waits for a grace or a tick.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/layout.h"
#include "tests/support/temporary_directory.h"
#include "worker/attempt_runner.h"

namespace xorch {

class AttemptHarness {
 public:
    AttemptHarness();

    // The only stage; change it before the first start().
    Stage& stage() { return sweep_.stages.front(); }

    Sweep& sweep() { return sweep_; }

    RunnerSettings& settings() { return settings_; }

    const std::string& directory() const { return work_.path(); }

    const SweepLayout& layout() const { return settings_.layout; }

    // argv = python3 -c `program`, with tools/python's xorch.py not in reach.
    void python(const std::string& program);
    void shell(const std::string& program);

    void start(Assignment assignment);
    void start(std::uint32_t index, const std::string& params = "{}");
    void order(const AttemptOrder& order);

    // Reports of the end of that unit's attempt; fails the test after too many turns.
    AttemptEnd wait_for_end(std::uint32_t index, std::uint32_t attempt = 1);
    AttemptRunning wait_for_start(std::uint32_t index);
    CheckpointSealed wait_for_checkpoint(std::uint32_t index);

    // start and wait_for_end of unit 0.
    AttemptEnd run(const std::string& params = "{}");
    AttemptEnd resume(std::uint32_t attempt);

    // Turns until the condition holds.
    void turn_until(const std::function<bool()>& condition);

    void move_ahead(Millis by) { ahead_ += by; }

    // Turns `count` times, each a tick later.
    void tick(int count);

    // True once something is in it.
    bool wait_for_file(const std::string& path);

    void destroy_runner() { runner_.reset(); }

    AttemptRunner& runner();
    std::string output_of(const AttemptEnd& end);

    static Assignment assignment(std::uint32_t index, std::uint32_t attempt = 1);

 private:
    Now now() const;
    // False if it waited in vain.
    bool turn();

    TemporaryDirectory root_;
    TemporaryDirectory scratch_;
    TemporaryDirectory work_;
    Sweep sweep_;
    RunnerSettings settings_;
    std::optional<AttemptRunner> runner_;
    Millis ahead_{0};
    std::vector<AttemptNews> news_;
};

// The whole file; empty if there is none.
std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);
bool process_is_gone(int pid);

}  // namespace xorch
