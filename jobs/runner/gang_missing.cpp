#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "jobs/runner/gang.h"

namespace xorch {

int serve_gang(const GangEntry& /*entry*/, const RunnerEquipment& /*equipment*/) {
    fmt::print(
        stderr,
        "xorch-runner: it was built without MPI, which units of several ranks need\n"
        "    apt-get install libopenmpi-dev openmpi-bin, then build xorch again\n"
    );
    return EXIT_FAILURE;
}

}  // namespace xorch
