#include "worker/attempt/devices.h"

#include <algorithm>
#include <utility>

#include "worker/os/hardware.h"

namespace xorch {

namespace {

// The first `count` of `pool`, removed from it; nothing if there are fewer.
template <class Item>
std::vector<Item> take_from(std::vector<Item>& pool, std::size_t count) {
    if (pool.size() < count) return {};
    const auto end = pool.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Item> taken(pool.begin(), end);
    pool.erase(pool.begin(), end);
    return taken;
}

template <class Item>
void put_back(std::vector<Item>& pool, const std::vector<Item>& items) {
    pool.insert(pool.end(), items.begin(), items.end());
    std::sort(pool.begin(), pool.end());
}

}  // namespace

Devices::Devices(
    const Capacity& capacity,
    std::vector<int> usable_cpus,
    const std::string& visible_gpus,
    std::string lease_folder
)
    : has_gpus_(capacity.gpus > 0), lease_folder_(std::move(lease_folder)) {
    if (usable_cpus.size() == capacity.cpus) free_cpus_ = std::move(usable_cpus);
    cpus_total_ = free_cpus_.size();
    free_gpus_ = split_gpu_list(visible_gpus);
    if (free_gpus_.size() > capacity.gpus) free_gpus_.resize(capacity.gpus);
    for (std::uint32_t gpu = 0; visible_gpus.empty() && gpu < capacity.gpus; ++gpu)
        free_gpus_.push_back(std::to_string(gpu));
}

DeviceShare Devices::take(std::uint32_t cpus, std::uint32_t gpus) {
    DeviceShare share;
    // All CPUs of the node need no pinning.
    if (cpus > 1 && cpus < cpus_total_) share.cpus = take_from(free_cpus_, cpus);
    take_gpus(share, gpus);
    share.hide_gpus = has_gpus_ && gpus == 0;
    return share;
}

// Those first of which nobody has a lease. Where there are too few of them, somebody else uses GPUs
// that this agent was given, which is not for the unit to find out.
void Devices::take_gpus(DeviceShare& share, std::uint32_t count) {
    if (count == 0 || free_gpus_.size() < count) return;
    std::vector<std::string> others;
    for (std::string& gpu : std::exchange(free_gpus_, {})) {
        auto lease = share.leases.size() < count && !lease_folder_.empty()
                         ? try_lease(lease_folder_, gpu_lease_name(gpu))
                         : std::optional<Lease>();
        const bool has_lease = lease && *lease;
        if (has_lease) share.leases.push_back(std::move(**lease));
        (has_lease ? free_gpus_ : others).push_back(std::move(gpu));
    }
    free_gpus_.insert(free_gpus_.end(), others.begin(), others.end());
    share.gpus = take_from(free_gpus_, count);
}

void Devices::give_back(DeviceShare& share) {
    put_back(free_cpus_, share.cpus);
    put_back(free_gpus_, share.gpus);
    share.leases.clear();
}

}  // namespace xorch
