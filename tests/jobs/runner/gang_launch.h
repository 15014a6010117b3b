#pragma once

// What an agent does for a gang, as far as the ranks see it: a socket at which rank 0 calls, a
// launcher, one order, and what comes back.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/io/descriptor.h"
#include "core/runner_messages.h"
#include "core/wire/runner_codec.h"

namespace xorch {

class WorldLaunch {
 public:
    // `program SOCKET` by mpirun, with its output in the file `folder`/output.
    WorldLaunch(const std::string& program, int ranks, const std::string& folder);
    ~WorldLaunch();  // ends what is left of it
    WorldLaunch(const WorldLaunch&) = delete;
    WorldLaunch& operator=(const WorldLaunch&) = delete;

    void order(const RunnerOrder& order);

    // The end of the unit, if rank 0 said one before it went; counts checkpoints on the way.
    std::optional<UnitReturned> returned();

    // Until the next checkpoint, or the end.
    bool is_published();

    void hang_up() { socket_ = Descriptor(); }

    // The launcher's exit code; it has ended then.
    int exit_code();

    std::string output() const;

 private:
    std::optional<RunnerNews> next();

    std::string folder_;
    pid_t launcher_ = 0;
    Descriptor socket_;
    FrameInbox inbox_;
    std::optional<UnitReturned> returned_;
};

}  // namespace xorch
