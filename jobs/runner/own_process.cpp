#include "jobs/runner/own_process.h"

#include <malloc.h>
#include <sched.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace xorch {

namespace {

// A line "<name>:   123 kB" of /proc/self/status, in bytes.
std::uint64_t status_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with(name + ":")) continue;
        const std::size_t at = line.find_first_of("0123456789");
        std::uint64_t kilobytes = 0;
        if (at != std::string::npos)
            std::from_chars(line.data() + at, line.data() + line.size(), kilobytes);
        return kilobytes << 10U;
    }
    return 0;
}

}  // namespace

std::uint64_t resident_bytes() {
    return status_bytes("VmRSS");
}

std::uint64_t memory_peak_bytes() {
    return status_bytes("VmHWM");
}

void forget_memory_peak() {
    std::ofstream("/proc/self/clear_refs") << 5;
}

void give_back_memory() {
    ::malloc_trim(0);
}

void pin_all_threads(const std::vector<std::uint32_t>& cpus) {
    if (cpus.empty()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const std::uint32_t cpu : cpus)
        CPU_SET(cpu, &set);
    std::error_code error;
    for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
         !error && task != end;
         task.increment(error)) {
        const std::string name = task->path().filename().string();
        int id = 0;
        std::from_chars(name.data(), name.data() + name.size(), id);
        ::sched_setaffinity(id, sizeof set, &set);
    }
}

}  // namespace xorch
