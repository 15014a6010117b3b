#pragma once

// Carries out attempts on this node: processes, their output, records, checkpoints and descendants.
// The agent decides (worker/agent.h), this obeys and reports. Never blocks on a unit: everything is
// driven by one file descriptor and a wake-up time. Loop thread only; hashing and syncing of
// checkpoints happens on a thread behind a queue.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/layout.h"
#include "core/sweep.h"
#include "core/time.h"
#include "worker/agent.h"

namespace xorch {

struct RunnerSettings {
    SweepLayout layout;
    IncarnationId incarnation;
    std::string
        scratch;  // node-local folder of this agent, mode 0700; attempts get folders below it
    Capacity capacity;
    std::string native_program;  // xorch-runner, for native units
    std::string program;         // xorch, which is each rank's parent
};

class AttemptRunner {
 public:
    // Makes this process a child subreaper, blocks SIGCHLD, runs `[env] setup` once and keeps its
    // result.
    static Result<AttemptRunner> start(const Sweep& sweep, RunnerSettings settings);
    ~AttemptRunner();  // kills and reaps every attempt that is left
    AttemptRunner(AttemptRunner&&) noexcept;
    AttemptRunner& operator=(AttemptRunner&&) noexcept;

    // Failures to start come back as news (Cause::spawn), not here.
    void carry_out(Now now, const AttemptOrder& order);

    // Readable when poll() has something to do. Level-triggered (an epoll descriptor).
    int descriptor() const;

    // Reaps, reads output, escalates stops, seals checkpoints; returns what happened, in order per
    // attempt.
    std::vector<AttemptNews> poll(Now now);

    // Called within carry_out() and poll() just before a process is made, once its folders are
    // ready: whoever watches these tells the runner's own work from the unit's.
    void before_each_start(std::function<void()> callback);

    // When poll() must be called at the latest, on the boot clock.
    Millis next_poll() const;

 private:
    struct Content;
    explicit AttemptRunner(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
