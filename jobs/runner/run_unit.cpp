#include "jobs/runner/run_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/io/clock.h"
#include "core/io/posix_disk.h"

namespace xorch {

namespace {

// Far more than people read, far less than a frame may hold.
constexpr std::size_t message_bytes_max = 64U << 10U;

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

UnitSetup setup_of(const OrderedUnit& unit, UnitHost& host, std::string env_key) {
    const RunUnit& order = unit.order;
    const bool open = order.time_left == Millis{0};
    return UnitSetup{
        .id = order.id,
        .attempt = order.attempt,
        .params = unit.params,
        .inputs = unit.inputs,
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

struct Running {
    const OrderedUnit& unit;
    UnitHost& host;
    const RunnerEquipment& equipment;
    std::unique_ptr<Communicator> ranks;
};

Result<JobEnd> run_job(Running running, UnitReturned& returned) {
    const RunUnit& order = running.unit.order;
    const auto* job = find_named<NativeJob>(running.equipment.jobs, order.job);
    const auto* declared = find_named<JobDeclaration>(running.equipment.declarations, order.job);
    if (job == nullptr || declared == nullptr || declared->version != order.job_version) {
        return fail(
            ErrorCode::not_found,
            fmt::format(
                "this xorch-runner has no job \"{}\" of version {}", order.job, order.job_version
            )
        );
    }
    auto unit = NativeUnit::open(
        *declared,
        setup_of(running.unit, running.host, returned.env_key),
        running.host,
        std::move(running.ranks)
    );
    if (!unit) return tl::unexpected(unit.error());
    const std::string& before = unit->resumed_env_key();
    if (unit->leads() && !order.resume.empty() && before != returned.env_key) {
        returned.remark = fmt::format(
            "it resumed what was saved under \"{}\" and went on under \"{}\": bits may differ from "
            "an undisturbed run",
            before,
            returned.env_key
        );
    }
    return job->run(*unit);
}

}  // namespace

Result<OrderedUnit> read_order(RunUnit order) {
    auto params = read_if_named(order.params, "{}");
    if (!params) return tl::unexpected(params.error());
    auto inputs = read_if_named(order.inputs, "");
    if (!inputs) return tl::unexpected(inputs.error());
    return OrderedUnit{std::move(order), std::move(*params), std::move(*inputs)};
}

Millis ServedHost::now() {
    return read_clocks().boot;
}

void ServedHost::on_published() {
    // An agent that cannot be told is gone; the next question for a stop notices.
    [[maybe_unused]] const auto told = channel_->send(UnitPublished{serial_});
}

UnitReturned run_unit(
    const OrderedUnit& unit, UnitHost& host, const RunnerEquipment& equipment, GangRank rank
) {
    const RunUnit& order = unit.order;
    UnitReturned returned{.serial = order.serial};
    if (rank.ranks == nullptr) rank.ranks = make_single_rank();
    try {
        equipment.begin_unit(order.seed, order.threads);
        returned.env_key = equipment.env_key(order.threads);
        const auto end = run_job({unit, host, equipment, std::move(rank.ranks)}, returned);
        if (end) {
            returned.outcome = *end == JobEnd::done ? UnitOutcome::done : UnitOutcome::checkpointed;
        } else {
            returned.message = rank.name + end.error().message;
        }
    } catch (...) {
        const JobFailure failure = equipment.describe(std::current_exception());
        returned.message = rank.name + failure.message;
        if (failure.out_of_memory) returned.outcome = UnitOutcome::out_of_memory;
    }
    returned.message.resize(std::min(returned.message.size(), message_bytes_max));
    return returned;
}

}  // namespace xorch
