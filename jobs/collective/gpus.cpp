#include "jobs/collective/gpus.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

namespace xorch {

namespace {

Result<void> check(cudaError_t code, std::string_view what) {
    if (code == cudaSuccess) return {};
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, cudaGetErrorString(code)));
}

// 13000 -> "13.0"
std::string spell_version(int version) {
    return fmt::format("{}.{}", version / 1'000, version % 1'000 / 10);
}

std::string spell_uuid(const cudaUUID_t& uuid) {
    std::string text = "GPU-";
    for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned char>(uuid.bytes[i]));
    }
    return text;
}

}  // namespace

Result<GpuList> list_gpus() {
    GpuList list;
    int version = 0;
    if (auto asked = check(cudaDriverGetVersion(&version), "the CUDA driver"); !asked) {
        return tl::unexpected(asked.error());
    }
    list.driver = spell_version(version);
    if (auto asked = check(cudaRuntimeGetVersion(&version), "the CUDA runtime"); !asked) {
        return tl::unexpected(asked.error());
    }
    list.runtime = spell_version(version);
    int count = 0;
    if (auto asked = check(cudaGetDeviceCount(&count), "counting GPUs"); !asked) {
        return tl::unexpected(asked.error());
    }
    for (int index = 0; index < count; ++index) {
        cudaDeviceProp properties{};
        const std::string what = fmt::format("GPU {}", index);
        if (auto asked = check(cudaGetDeviceProperties(&properties, index), what); !asked) {
            return tl::unexpected(asked.error());
        }
        list.gpus.push_back(
            {.index = index,
             .name = properties.name,
             .uuid = spell_uuid(properties.uuid),
             .memory = Bytes{properties.totalGlobalMem}}
        );
    }
    return list;
}

}  // namespace xorch
