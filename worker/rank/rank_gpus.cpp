#include "worker/rank/rank_gpus.h"

#include <fmt/format.h>
#include <poll.h>

#include <utility>

#include "core/io/clock.h"
#include "core/io/spawn.h"
#include "core/time.h"
#include "worker/os/hardware.h"

namespace xorch {

namespace {

// Longer than the end of an attempt takes that was told to end at once.
constexpr Millis patience{60'000};
constexpr Millis look_again{100};

std::vector<std::string> gpus_in(const std::vector<std::string>& environment) {
    const char* visible = find_variable(environment, "CUDA_VISIBLE_DEVICES");
    if (visible != nullptr) return split_gpu_list(visible);
    std::vector<std::string> gpus;
    const std::uint32_t count = usable_gpus();
    for (std::uint32_t gpu = 0; gpu < count; ++gpu)
        gpus.push_back(std::to_string(gpu));
    return gpus;
}

// All of them or none, so that two ranks that wait do not hold what the other one needs.
Result<RankGpus> try_gpus(
    const std::string& folder, const std::vector<std::string>& gpus, std::uint32_t count
) {
    RankGpus taken;
    std::string visible;
    for (const std::string& gpu : gpus) {
        if (taken.leases.size() == count) break;
        auto lease = try_lease(folder, gpu_lease_name(gpu));
        if (!lease) return tl::unexpected(lease.error());
        if (!*lease) continue;
        taken.leases.push_back(std::move(**lease));
        visible += (visible.empty() ? "" : ",") + gpu;
    }
    if (taken.leases.size() == count) taken.visible = std::move(visible);
    return taken;
}

}  // namespace

Result<RankGpus> take_rank_gpus(std::uint32_t count, const std::vector<std::string>& environment) {
    const std::vector<std::string> gpus = gpus_in(environment);
    RankGpus none;
    if (count == 0) {
        if (!gpus.empty()) none.visible = "";
        return none;
    }
    if (gpus.size() < count) {
        return fail(
            ErrorCode::unavailable,
            fmt::format("it needs {} GPUs and may use {} here", count, gpus.size())
        );
    }
    const auto folder = lease_folder();
    if (!folder) return tl::unexpected(folder.error());
    const Millis until = read_clocks().boot + patience;
    for (;;) {
        auto taken = try_gpus(*folder, gpus, count);
        if (!taken || taken->visible) return taken;
        if (read_clocks().boot >= until) break;
        ::poll(nullptr, 0, static_cast<int>(look_again.count()));
    }
    return fail(
        ErrorCode::unavailable,
        fmt::format("{} of the {} GPUs here are not free", count, gpus.size())
    );
}

}  // namespace xorch
