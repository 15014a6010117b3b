#pragma once

// Tells people: runs the command of [notify] with the event in its environment (XORCH_EVENT,
// XORCH_SWEEP, XORCH_TEXT). A notification that fails is logged and nothing else: it must not stop
// a sweep. Loop thread only.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/decide/reign.h"
#include "core/time.h"

namespace xorch {

struct NotifierSettings {
    std::vector<std::string> command;  // argv; empty = nobody is told
    std::string sweep;
    std::string directory;                 // where it runs
    std::vector<std::string> environment;  // beside the three
    Millis time_limit{30'000};
    std::size_t waiting = 100;  // more than these are dropped, and logged
};

class Notifier {
 public:
    using Log = std::function<void(std::string_view)>;

    Notifier(NotifierSettings settings, Log log);

    // Lets commands that run go on; nobody waits for them.
    ~Notifier();

    void send(Now now, const Notification& notification);

    // Reaps commands, ends those over their time, starts those that wait.
    void poll(Now now);

    bool is_idle() const;

    // When poll() should be called at the latest, on the boot clock: soon, while a command runs.
    Millis next_poll() const;

 private:
    struct Content;
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
