#pragma once

// The runners of this agent: processes that execute native units, one at a time each, and stay for
// the next one, because loading LibTorch costs more than a small unit. A runner serves units of one
// environment only, since what a library read at its start cannot be taken back. Owns processes and
// descriptors; whoever owns the pool watches and reaps them. Loop thread only.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/io/descriptor.h"
#include "core/runner_messages.h"
#include "core/sweep.h"
#include "core/wire/runner_codec.h"

namespace xorch {

struct RunnerProcess {
    std::uint64_t number = 0;  // names it; pids come again
    pid_t pid = 0;
    Descriptor socket;  // does not block
    Descriptor output;
    FrameInbox inbox;
    std::vector<std::string> environment;
    std::uint64_t serial = 0;  // of the attempt that has it; 0 = nobody
    bool is_watched = false;   // by the owner's epoll
    bool worn = false;         // not to be used again
    bool killed = false;
};

struct RunnerPoolSettings {
    std::string program;        // xorch-runner
    std::string directory;      // working directory of units
    Bytes growth_max{0};        // memory beyond a fresh runner's that wears it out
    std::size_t count_max = 1;  // idle ones give way to new ones beyond that many
};

class RunnerPool {
 public:
    explicit RunnerPool(RunnerPoolSettings settings) : settings_(std::move(settings)) {}

    // For that attempt: an idle runner of that environment, or a new one (its number is above all
    // earlier ones).
    Result<RunnerProcess*> take(std::uint64_t serial, const std::vector<std::string>& environment);

    // The attempt is over and has left nothing behind.
    void give_back(std::uint64_t number);

    RunnerProcess* find(std::uint64_t number);
    RunnerProcess* find_pid(pid_t pid);

    // It was reaped.
    void remove(std::uint64_t number);

    void kill_all();

    std::size_t size() const { return runners_.size(); }

 private:
    Result<RunnerProcess> start(const std::vector<std::string>& environment);
    void make_room();

    RunnerPoolSettings settings_;
    std::map<std::uint64_t, RunnerProcess> runners_;
    std::uint64_t last_number_ = 0;
};

// False if it does not take them all at once: then it does not listen. Orders are short.
bool send_order(const Descriptor& socket, const RunnerOrder& order);

// What it said since; corrupted if it speaks another language. The end of the stream is no error:
// its death is seen by whoever reaps it.
Result<std::vector<RunnerNews>> read_news(const Descriptor& socket, FrameInbox& inbox);

}  // namespace xorch
