#include "jobs/runner/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "jobs/runner/own_process.h"

namespace xorch {

namespace {

// Far more than people read, far less than a frame may hold.
constexpr std::size_t message_bytes_max = 64U << 10U;

class ServedHost final : public UnitHost {
 public:
    ServedHost(RunnerChannel& channel, std::uint64_t serial)
        : channel_(&channel), serial_(serial) {}

    bool stop_asked() override { return channel_->stop_asked(serial_); }

    Millis now() override { return read_clocks().boot; }

    void on_published() override {
        // An agent that cannot be told is gone; the next question for a stop notices.
        [[maybe_unused]] const auto told = channel_->send(UnitPublished{serial_});
    }

 private:
    RunnerChannel* channel_;
    std::uint64_t serial_;
};

template <class Named>
const Named* find_named(const auto& list, std::string_view name) {
    for (const Named& each : list) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

Result<std::string> read_if_named(const std::string& path, std::string nothing) {
    if (path.empty()) return nothing;
    return PosixDisk().read(path);
}

Result<UnitSetup> setup_of(const RunUnit& order, UnitHost& host, std::string env_key) {
    auto params = read_if_named(order.params, "{}");
    if (!params) return tl::unexpected(params.error());
    auto inputs = read_if_named(order.inputs, "");
    if (!inputs) return tl::unexpected(inputs.error());
    const bool open = order.time_left == Millis{0};
    return UnitSetup{
        .id = order.id,
        .attempt = order.attempt,
        .params = std::move(*params),
        .inputs = std::move(*inputs),
        .seed = order.seed,
        .threads = order.threads,
        .out = order.out,
        .publish = order.publish,
        .resume = order.resume,
        .records = order.records,
        .env_key = std::move(env_key),
        .checkpoint_every = order.checkpoint_every,
        .stop_before = open ? Millis{0} : host.now() + order.time_left};
}

Result<JobEnd> run_job(
    const RunUnit& order, UnitHost& host, const RunnerEquipment& equipment, UnitReturned& returned
) {
    const auto* job = find_named<NativeJob>(equipment.jobs, order.job);
    const auto* declared = find_named<JobDeclaration>(equipment.declarations, order.job);
    if (job == nullptr || declared == nullptr || declared->version != order.job_version) {
        return fail(
            ErrorCode::not_found,
            fmt::format(
                "this xorch-runner has no job \"{}\" of version {}", order.job, order.job_version
            )
        );
    }
    auto setup = setup_of(order, host, returned.env_key);
    if (!setup) return tl::unexpected(setup.error());
    auto unit = NativeUnit::open(*declared, std::move(*setup), host);
    if (!unit) return tl::unexpected(unit.error());
    const std::string& before = unit->resumed_env_key();
    if (!order.resume.empty() && before != returned.env_key) {
        returned.remark = fmt::format(
            "it resumed what was saved under \"{}\" and went on under \"{}\": bits may differ from "
            "an undisturbed run",
            before,
            returned.env_key
        );
    }
    return job->run(*unit);
}

UnitReturned run_unit(
    const RunUnit& order, RunnerChannel& channel, const RunnerEquipment& equipment
) {
    UnitReturned returned{.serial = order.serial};
    ServedHost host(channel, order.serial);
    try {
        equipment.begin_unit(order.seed, order.threads);
        returned.env_key = equipment.env_key(order.threads);
        const auto end = run_job(order, host, equipment, returned);
        if (end) {
            returned.outcome = *end == JobEnd::done ? UnitOutcome::done : UnitOutcome::checkpointed;
        } else {
            returned.message = end.error().message;
        }
    } catch (...) {
        JobFailure failure = equipment.describe(std::current_exception());
        returned.message = std::move(failure.message);
        if (failure.out_of_memory) returned.outcome = UnitOutcome::out_of_memory;
    }
    returned.message.resize(std::min(returned.message.size(), message_bytes_max));
    return returned;
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
        UnitReturned returned = run_unit(*unit, channel, equipment);
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
