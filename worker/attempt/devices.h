#pragma once

// Which CPUs and GPUs of this node each running attempt has. Numbers only; the kernel enforces.
// GPUs are leased, because ranks of gangs that other agents lead take theirs by themselves. Loop
// thread only.

#include <optional>
#include <string>
#include <vector>

#include "core/facts.h"
#include "worker/gang/lease.h"

namespace xorch {

struct DeviceShare {
    std::vector<int> cpus;          // empty = not pinned
    std::vector<std::string> gpus;  // as CUDA_VISIBLE_DEVICES names them
    bool hide_gpus = false;         // the node has GPUs and this attempt has none
    std::vector<Lease> leases;      // of the GPUs
};

class Devices {
 public:
    // Pins units of two CPUs and more, and those only if the node claims exactly the CPUs that this
    // process may use: with fewer, another sweep may count on the others; with more, they do not
    // exist. A unit of one CPU is left to the scheduler: bound to a CPU that something else uses it
    // waits (short units took 2.6 times as long), and OMP_NUM_THREADS keeps it from spreading.
    // `visible_gpus` is the agent's own CUDA_VISIBLE_DEVICES, empty = 0, 1, ... Leases are in
    // `lease_folder`; empty = none.
    Devices(
        const Capacity& capacity,
        std::vector<int> usable_cpus,
        const std::string& visible_gpus,
        std::string lease_folder = {}
    );

    DeviceShare take(std::uint32_t cpus, std::uint32_t gpus);
    void give_back(DeviceShare& share);

 private:
    void take_gpus(DeviceShare& share, std::uint32_t count);

    std::vector<int> free_cpus_;
    std::size_t cpus_total_ = 0;
    std::vector<std::string> free_gpus_;
    bool has_gpus_ = false;
    std::string lease_folder_;
};

}  // namespace xorch
