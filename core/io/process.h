#pragma once

// Starting and watching other processes: keepers, notification commands. A process is named by pid
// and start time, so that a recycled pid is never taken for it, and watched through a pidfd. argv
// goes to the program as it is: no shell. Loop thread only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch {

struct ProcessName {
    std::uint64_t pid = 0;
    std::uint64_t started = 0;  // field 22 of /proc/<pid>/stat: clock ticks since boot

    friend bool operator==(const ProcessName&, const ProcessName&) = default;
};

// "4711:93820"
std::string format_process(ProcessName name);
std::optional<ProcessName> parse_process(std::string_view text);

// not_found if there is no such process now.
Result<ProcessName> name_process(std::uint64_t pid);
Result<ProcessName> name_this_process();

struct ProcessSettings {
    std::vector<std::string> argv = {};  // argv[0] is looked for in PATH unless it has a slash
    std::vector<std::string> environment = {};  // "NAME=value", and nothing else
    std::string directory = {};                 // empty = ours
    std::string output = {};   // file that gets stdout and stderr appended; empty = /dev/null
    bool new_session = false;  // survives our terminal
};

struct ProcessEnd {
    int exit_code = 0;
    int signal = 0;     // 0 = it exited by itself
    bool known = true;  // false for a process that is not our child
};

class WatchedProcess {
 public:
    // All descriptors above 2 are closed in it, signals are at their defaults, stdin is empty.
    static Result<WatchedProcess> start(const ProcessSettings& settings);

    // A process that somebody else started; not_found if it is gone.
    static Result<WatchedProcess> watch(ProcessName name);

    const ProcessName& name() const { return name_; }

    // Readable once it ended.
    int descriptor() const { return pidfd_.number(); }

    // Reaps it if it is a child and ended; nothing while it lives.
    std::optional<ProcessEnd> ended();

    // Does nothing if it is gone.
    void send(int signal_number) const;

 private:
    ProcessName name_;
    Descriptor pidfd_;
    bool child_ = false;
    std::optional<ProcessEnd> end_;
};

// Environment of this process as "NAME=value".
std::vector<std::string> current_environment();

}  // namespace xorch
