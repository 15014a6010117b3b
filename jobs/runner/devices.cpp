#include "jobs/runner/devices.h"

#include <fmt/format.h>

#ifdef XORCH_WITH_MPI
#include "jobs/collective/mpi_world.h"
#endif
#ifdef XORCH_WITH_CUDA
#include "jobs/collective/gpus.h"
#include "jobs/collective/nccl.h"
#endif

namespace xorch {

std::string describe_devices() {
    std::string text;
#ifdef XORCH_WITH_MPI
    // "Open MPI v4.1.4, package: ..., ident: ..."
    const std::string mpi = MpiWorld::version();
    text += fmt::format("mpi\t{}\n", mpi.substr(0, mpi.find(',')));
#endif
#ifdef XORCH_WITH_CUDA
    if (const auto nccl = nccl_version()) text += fmt::format("nccl\t{}\n", *nccl);
    const auto listed = list_gpus();
    if (!listed) text += fmt::format("no_gpus\t{}\n", listed.error().message);
    if (listed && listed->gpus.empty()) text += "no_gpus\tCUDA sees none\n";
    for (const Gpu& gpu : listed ? listed->gpus : std::vector<Gpu>()) {
        text += fmt::format(
            "gpu\t{}, {} GiB, {}, driver for CUDA {}\n",
            gpu.name,
            gpu.memory.value >> 30U,
            gpu.uuid,
            listed->driver
        );
    }
#endif
    return text;
}

}  // namespace xorch
