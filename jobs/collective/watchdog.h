#pragma once

// Finds collectives that hang. A rank that waits inside MPI or NCCL for one that will never come
// cannot be woken; so a thread of its own looks at the clock, says where the rank hangs, and ends
// the process, whereupon the launcher ends the rest of the gang.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/runner_messages.h"
#include "core/time.h"

namespace xorch {

class Watchdog {
 public:
    // Called once, from the watchdog's thread; not expected to return in production.
    using OnHang = std::function<void(const std::string& what)>;

    Watchdog(Millis patience, OnHang on_hang);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // From now until the guard goes the watch is on, for so many times the patience; `what` says
    // what the rank waits in. One at a time.
    class Guard {
     public:
        Guard(Watchdog& dog, std::string what, int times = 1) : dog_(dog) {
            dog_.begin(std::move(what), times);
        }

        ~Guard() { dog_.end(); }

        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

     private:
        Watchdog& dog_;
    };

 private:
    void begin(std::string what, int times);
    void end();
    void run();

    Millis patience_;
    OnHang on_hang_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string what_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    bool over_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace xorch
