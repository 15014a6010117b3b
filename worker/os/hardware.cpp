#include "worker/os/hardware.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace xorch {

namespace {

std::string read_small_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

// The folder of this process's memory cgroup, version 2 or 1; empty if there is none.
std::string memory_cgroup() {
    std::istringstream lines(read_small_file("/proc/self/cgroup"));
    std::string unified;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers == "memory") return "/sys/fs/cgroup/memory" + path;
        if (controllers.empty()) unified = "/sys/fs/cgroup" + path;
    }
    return unified;
}

std::uint64_t number_after(const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    if (at == std::string::npos) return 0;
    std::uint64_t number = 0;
    const char* begin = text.data() + at + key.size();
    std::from_chars(begin, text.data() + text.size(), number);
    return number;
}

}  // namespace

std::vector<int> usable_cpus() {
    std::vector<int> cpus;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
        }
    }
    // More than 1024 CPUs: they cannot be named here, only counted.
    if (cpus.empty()) {
        for (long cpu = 0; cpu < std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)); ++cpu)
            cpus.push_back(static_cast<int>(cpu));
    }
    return cpus;
}

Bytes usable_memory() {
    struct sysinfo system {};

    ::sysinfo(&system);
    std::uint64_t memory = std::uint64_t{system.totalram} * system.mem_unit;
    const std::string group = memory_cgroup();
    for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
        const std::uint64_t limit = number_after(read_small_file(group + name), "");
        if (limit > 0) memory = std::min(memory, limit);
    }
    return Bytes{memory};
}

std::uint32_t usable_gpus() {
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) {
        const std::string_view list(visible);
        if (list.empty() || list == "-1" || list == "NoDevFiles") return 0;
        return static_cast<std::uint32_t>(1 + std::count(list.begin(), list.end(), ','));
    }
    std::error_code error;
    std::uint32_t count = 0;
    std::filesystem::directory_iterator entry("/proc/driver/nvidia/gpus", error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        ++count;
    }
    return count;
}

std::vector<std::string> split_gpu_list(std::string_view list) {
    std::vector<std::string> gpus;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        gpus.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return gpus;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

std::string boot_id() {
    std::string id = read_small_file("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n')
        id.pop_back();
    return id;
}

std::string machine_type() {
    utsname names{};
    return ::uname(&names) == 0 ? std::string(names.machine) : std::string("unknown");
}

std::uint64_t out_of_memory_kills() {
    const std::string group = memory_cgroup();
    if (group.empty()) return 0;
    for (const char* name : {"/memory.events", "/memory.oom_control"}) {
        if (const auto kills = number_after(read_small_file(group + name), "oom_kill "))
            return kills;
    }
    return 0;
}

}  // namespace xorch
