#pragma once

// Processes as /proc shows them: who descends from whom, what they use, which sweep they belong to.
// A pid alone may be somebody else's a moment later; a Process also carries its start time, and
// nothing is signalled unless both still match.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/sweep.h"

namespace xorch {

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t session = 0;
    char state = '?';              // as in /proc/<pid>/stat; Z = dead, not yet reaped
    std::uint64_t start_time = 0;  // clock ticks since boot
    Bytes memory{0};               // resident
    std::string name;              // as the kernel keeps it, 15 bytes at most

    friend bool operator==(const Process& left, const Process& right) {
        return left.pid == right.pid && left.start_time == right.start_time;
    }
};

// Nothing if there is no such process.
std::optional<Process> look_at(pid_t pid);

// Pids of direct children, through /proc/<pid>/task/*/children.
std::vector<pid_t> children_of(pid_t pid);

// Every process below `root`, parents before their children; without `root` itself.
std::vector<Process> descendants_of(pid_t root);

// All processes that this user may look at.
std::vector<Process> all_processes();

// The value that NAME had when the process executed its program; nothing if it had none or may not
// be read. The bytes are whatever the process put there.
std::optional<std::string> environment_of(pid_t pid, std::string_view name);

// Processes of this user, but this one, whose environment gives NAME a value that `fits`.
std::vector<Process> processes_with(
    std::string_view name, const std::function<bool(const std::string& value)>& fits
);

// False if it is gone (or was replaced by another of the same pid).
bool signal_process(const Process& process, int signal);

// Kills what `find` finds until it finds nothing. False if something does not end.
bool end_processes(const std::function<std::vector<Process>()>& find);

// Processes of this user, started for the sweep in this directory by an agent other than
// `incarnation`; a new keeper ends them. Incarnation 0 is nobody's: all of them.
std::vector<Process> processes_of_sweep(
    const std::string& sweep_directory, IncarnationId incarnation
);

// Memory that would come back if this process ended, shared pages split among their users; nothing
// if the kernel does not say.
std::optional<Bytes> proportional_memory(pid_t pid);

// True if the process has `path` open for writing.
bool writes_to(pid_t pid, const std::string& path);

// Orphans of descendants become children of this process from now on.
Result<void> become_subreaper();

}  // namespace xorch
