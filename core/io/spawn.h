#pragma once

// Starts a program as cheaply as Linux allows: the child borrows this process's memory until it
// executes (vfork), so the cost does not grow with the agent. The child leads its own session, has
// no descriptors but its streams, no blocked or ignored signals. Failures between fork and exec
// come back as errors that say which step failed. One thread.

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

struct SpawnRequest {
    std::string program;  // a path; see find_program
    std::vector<std::string> argv;
    std::vector<std::string> environment;  // NAME=value
    std::string directory;                 // working directory; empty = this process's
    int input = -1;                        // descriptor for stdin; -1 = /dev/null
    int output = -1;                       // descriptor for stdout; -1 = /dev/null
    int error_output = -1;                 // descriptor for stderr; -1 = the same as stdout
    std::vector<int> cpus;                 // pinned to these; empty = not pinned
    bool dies_with_parent = false;         // killed when the thread that started it ends
};

// The child's pid. It has executed the program by then.
Result<pid_t> spawn(const SpawnRequest& request);

// As a shell looks: a name with a slash is relative to `directory`, another one is searched in the
// PATH of `environment`. Says what was searched when nothing is found.
Result<std::string> find_program(
    const std::string& name,
    const std::vector<std::string>& environment,
    const std::string& directory
);

// The value of NAME in a list of NAME=value; nullptr if there is none. The pointer lives as long as
// the list.
const char* find_variable(const std::vector<std::string>& environment, std::string_view name);

// Replaces or appends NAME=value.
void set_variable(
    std::vector<std::string>& environment, std::string_view name, std::string_view value
);

}  // namespace xorch
