#include "jobs/torch/environment.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "jobs/torch/torch.h"

namespace xorch {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char byte) {
        return static_cast<char>(std::tolower(byte));
    });
    return text;
}

// LibTorch tells the level of its kernels only in a text for people.
std::string cpu_capability() {
    const std::string text = at::show_config();
    constexpr std::string_view mark = "CPU capability usage: ";
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) return "unknown-cpu";
    const std::size_t begin = at + mark.size();
    std::string name = lower(text.substr(begin, text.find('\n', begin) - begin));
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

// The BLAS behind LibTorch is whatever the system links in its place: only OpenBLAS says who it is
// ("OpenBLAS 0.3.21 NO_AFFINITY Haswell MAX_THREADS=64"), and which kernels it chose.
std::string blas_name() {
    using Describe = char* (*)();
    const auto describe = reinterpret_cast<Describe>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
    if (describe == nullptr) return at::hasMKL() ? "mkl" : "reference-blas";
    std::string name = "openblas";
    std::string_view rest = describe();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        const bool is_setting = word.find('=') != word.npos || word.find('_') != word.npos;
        if (!word.empty() && !is_setting && lower(std::string(word)) != "openblas")
            name += "-" + lower(std::string(word));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return name;
}

}  // namespace

void begin_torch_unit(std::uint32_t seed, std::uint32_t threads) {
    at::set_num_threads(static_cast<int>(threads));
    at::globalContext().setDeterministicAlgorithms(true, true);
    at::GradMode::set_enabled(true);
    torch::manual_seed(seed);
}

std::string torch_env_key(std::uint32_t threads) {
    return fmt::format(
        "torch-{} {} {} threads-{}", TORCH_VERSION, blas_name(), cpu_capability(), threads
    );
}

bool torch_has_gpu() {
    return torch::cuda::is_available();
}

}  // namespace xorch
