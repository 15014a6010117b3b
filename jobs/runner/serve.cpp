#include "jobs/runner/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "jobs/runner/own_process.h"
#include "jobs/runner/run_unit.h"

namespace xorch {

namespace {

UnitReturned run_order(
    const RunUnit& order, RunnerChannel& channel, const RunnerEquipment& equipment
) {
    const auto unit = read_order(order);
    if (!unit) return {.serial = order.serial, .message = unit.error().message};
    ServedHost host(channel, order.serial);
    return run_unit(*unit, host, equipment, {});
}

}  // namespace

Result<void> serve(RunnerChannel& channel, const RunnerEquipment& equipment) {
    const std::uint64_t fresh = resident_bytes();
    for (;;) {
        const auto order = channel.wait();
        if (!order) return tl::unexpected(order.error());
        if (!*order) return {};
        // A stop that crossed the return of its unit on the way.
        const auto* unit = std::get_if<RunUnit>(&**order);
        if (unit == nullptr) continue;
        pin_all_threads(unit->cpus);
        forget_memory_peak();
        UnitReturned returned = run_order(*unit, channel, equipment);
        returned.memory_peak = memory_peak_bytes();
        give_back_memory();
        returned.worn = equipment.growth_max > 0 && resident_bytes() > fresh + equipment.growth_max;
        // The agent reads the unit's output up to here when it hears that the unit is over.
        std::cout.flush();
        std::fflush(nullptr);
        if (auto sent = channel.send(returned); !sent) return sent;
    }
}

int serve_parent(const RunnerEquipment& equipment) {
    // A parent that is gone already closed the socket: then the first read says so.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Descriptor socket(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    // A job that reads its standard input must not take the agent's words.
    if (!socket.is_open() || null < 0 || ::dup2(null, STDIN_FILENO) < 0) {
        fmt::print(
            stderr, "xorch-runner: {}\n", fail_from_errno("taking over", errno).value().message
        );
        return EXIT_FAILURE;
    }
    ::close(null);
    RunnerChannel channel(std::move(socket));
    if (const auto served = serve(channel, equipment); !served) {
        fmt::print(stderr, "xorch-runner: {}\n", served.error().message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

}  // namespace xorch
