#include "worker/os/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "core/io/descriptor.h"

namespace xorch {

namespace {

// Files in /proc are generated while they are read and have no size. An environment may be 2 MiB
// long.
constexpr std::size_t proc_file_bytes_max = 4UL << 20U;

std::optional<std::string> read_proc(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return std::nullopt;
    std::string text;
    std::array<char, 8192> chunk{};
    while (text.size() < proc_file_bytes_max) {
        const ssize_t got = ::read(file.number(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return text;
}

// A process that a kill cannot end within this many looks is stuck in the kernel.
constexpr int looks_max = 2000;

struct DirectoryCloser {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

// Entries whose names are numbers.
std::vector<int> numbered_entries(const std::string& path) {
    std::vector<int> numbers;
    const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(path.c_str()));
    if (!directory) return numbers;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name(entry->d_name);
        int number = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
        if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

template <class Number>
Number take_number(std::string_view& text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t\n"), text.size());
    text.remove_prefix(begin);
    Number number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return number;
}

void skip_fields(std::string_view& text, int count) {
    for (int i = 0; i < count; ++i) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
        text.remove_prefix(std::min(text.find_first_of(" \t\n"), text.size()));
    }
}

}  // namespace

std::optional<Process> look_at(pid_t pid) {
    const auto text = read_proc(fmt::format("/proc/{}/stat", pid));
    if (!text) return std::nullopt;
    // The name is in parentheses and may itself contain any byte.
    const std::size_t open = text->find('(');
    const std::size_t close = text->rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= text->size()) {
        return std::nullopt;
    }
    Process process;
    process.pid = pid;
    process.state = (*text)[close + 2];
    process.name = text->substr(open + 1, close - open - 1);
    std::string_view rest = std::string_view(*text).substr(close + 3);
    process.parent = take_number<pid_t>(rest);
    skip_fields(rest, 1);  // process group
    process.session = take_number<pid_t>(rest);
    skip_fields(rest, 15);  // tty_nr .. itrealvalue
    process.start_time = take_number<std::uint64_t>(rest);
    skip_fields(rest, 1);  // vsize
    const auto pages = take_number<std::uint64_t>(rest);
    process.memory = Bytes{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
    return process;
}

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    const std::string tasks = fmt::format("/proc/{}/task", pid);
    for (const int task : numbered_entries(tasks)) {
        const auto text = read_proc(fmt::format("{}/{}/children", tasks, task));
        if (!text) continue;
        std::string_view rest(*text);
        while (rest.find_first_of("0123456789") != std::string_view::npos) {
            children.push_back(take_number<pid_t>(rest));
        }
    }
    return children;
}

std::vector<Process> descendants_of(pid_t root) {
    std::vector<Process> found;
    std::vector<pid_t> parents{root};
    for (std::size_t i = 0; i < parents.size(); ++i) {
        for (const pid_t child : children_of(parents[i])) {
            // A process that moved while we looked may show up twice.
            if (std::find(parents.begin(), parents.end(), child) != parents.end()) continue;
            if (auto process = look_at(child)) {
                parents.push_back(child);
                found.push_back(std::move(*process));
            }
        }
    }
    return found;
}

std::vector<Process> all_processes() {
    std::vector<Process> found;
    for (const int pid : numbered_entries("/proc")) {
        if (auto process = look_at(pid)) found.push_back(std::move(*process));
    }
    return found;
}

std::optional<std::string> environment_of(pid_t pid, std::string_view name) {
    const auto text = read_proc(fmt::format("/proc/{}/environ", pid));
    if (!text) return std::nullopt;
    std::string_view rest(*text);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        const std::string_view entry = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            return std::string(entry.substr(name.size() + 1));
        }
    }
    return std::nullopt;
}

std::vector<Process> processes_with(
    std::string_view name, const std::function<bool(const std::string& value)>& fits
) {
    std::vector<Process> found;
    const uid_t user = ::geteuid();
    for (const int pid : numbered_entries("/proc")) {
        struct stat status {};

        if (::stat(fmt::format("/proc/{}", pid).c_str(), &status) != 0) continue;
        if (status.st_uid != user || pid == ::getpid()) continue;
        const auto value = environment_of(pid, name);
        if (!value || !fits(*value)) continue;
        if (auto process = look_at(pid)) found.push_back(std::move(*process));
    }
    return found;
}

bool signal_process(const Process& process, int signal) {
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    if (!handle.is_open()) return false;
    // The handle is taken first: what we look at now is what the signal will reach.
    const auto current = look_at(process.pid);
    if (!current || !(*current == process)) return false;
    return ::syscall(SYS_pidfd_send_signal, handle.number(), signal, nullptr, 0) == 0;
}

bool end_processes(const std::function<std::vector<Process>()>& find) {
    for (int look = 0; look < looks_max; ++look) {
        const std::vector<Process> left = find();
        if (left.empty()) return true;
        for (const Process& process : left)
            signal_process(process, SIGKILL);
        ::poll(nullptr, 0, 1);
    }
    return false;
}

std::vector<Process> processes_of_sweep(
    const std::string& sweep_directory, IncarnationId incarnation
) {
    const std::string own = format_incarnation(incarnation);
    std::vector<Process> found = processes_with("XORCH_SWEEP", [&](const std::string& sweep) {
        return sweep == sweep_directory;
    });
    std::erase_if(found, [&](const Process& process) {
        const auto started_by = environment_of(process.pid, "XORCH_INCARNATION");
        return !started_by || *started_by == own;
    });
    return found;
}

std::optional<Bytes> proportional_memory(pid_t pid) {
    const auto text = read_proc(fmt::format("/proc/{}/smaps_rollup", pid));
    if (!text) return std::nullopt;
    const std::size_t at = text->find("\nPss:");
    if (at == std::string::npos) return std::nullopt;
    std::string_view rest = std::string_view(*text).substr(at + 5);
    return Bytes{take_number<std::uint64_t>(rest) << 10U};  // the kernel says kB
}

bool writes_to(pid_t pid, const std::string& path) {
    const std::string folder = fmt::format("/proc/{}/fd", pid);
    for (const int number : numbered_entries(folder)) {
        std::array<char, 4096> target{};
        const std::string link = fmt::format("{}/{}", folder, number);
        const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
        if (size < 0 || std::string_view(target.data(), static_cast<std::size_t>(size)) != path) {
            continue;
        }

        // The permission bits of the link tell how the file was opened.
        struct stat status {};

        if (::lstat(link.c_str(), &status) == 0 && (status.st_mode & S_IWUSR) != 0) return true;
    }
    return false;
}

Result<void> become_subreaper() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        return fail_from_errno("becoming the reaper of orphans", errno);
    }
    return {};
}

}  // namespace xorch
