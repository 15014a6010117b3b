#include "core/io/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace xorch {

namespace {

// Far more than the few calls between fork and exec need.
constexpr std::size_t child_stack_bytes = 64UL << 10U;

// What the child needs, prepared before the fork: it may not allocate. It writes the failed step
// into the shared memory.
struct ChildPlan {
    const char* program = nullptr;
    char* const* argv = nullptr;
    char* const* environment = nullptr;
    const char* directory = nullptr;
    int input = -1;
    int output = -1;
    int error_output = -1;
    const cpu_set_t* cpus = nullptr;
    bool dies_with_parent = false;
    const char* failed_step = nullptr;
    int failed_errno = 0;
};

class ChildStack {
 public:
    ChildStack()
        : memory_(::mmap(
              nullptr,
              child_stack_bytes,
              PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
              -1,
              0
          )) {}

    ~ChildStack() {
        if (memory_ != MAP_FAILED) ::munmap(memory_, child_stack_bytes);
    }

    ChildStack(const ChildStack&) = delete;
    ChildStack& operator=(const ChildStack&) = delete;

    bool is_there() const { return memory_ != MAP_FAILED; }

    void* top() const { return static_cast<char*>(memory_) + child_stack_bytes; }

 private:
    void* memory_;
};

__attribute__((no_sanitize("address", "thread", "undefined"))) int give_up(
    ChildPlan* plan, const char* step
) {
    plan->failed_step = step;
    plan->failed_errno = errno;
    ::_exit(127);
}

__attribute__((no_sanitize("address", "thread", "undefined"))) void forget_signal_handlers() {
    // Handlers would run in memory that belongs to the parent; ignored signals survive exec.
    struct sigaction plain {};

    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < 65; ++number) {
        ::sigaction(number, &plain, nullptr);
    }
}

__attribute__((no_sanitize("address", "thread", "undefined"))) int run_child(void* argument) {
    auto* plan = static_cast<ChildPlan*>(argument);
    forget_signal_handlers();
    if (::setsid() < 0) return give_up(plan, "starting a session");
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return give_up(plan, "opening /dev/null");
    const int input = plan->input < 0 ? null : plan->input;
    const int output = plan->output < 0 ? null : plan->output;
    const int error_output = plan->error_output < 0 ? output : plan->error_output;
    if (::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(error_output, 2) < 0) {
        return give_up(plan, "connecting its streams");
    }
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    if (plan->directory != nullptr && ::chdir(plan->directory) != 0) {
        return give_up(plan, "entering its working directory");
    }
    if (plan->cpus != nullptr && ::sched_setaffinity(0, sizeof(cpu_set_t), plan->cpus) != 0) {
        return give_up(plan, "pinning it to its CPUs");
    }
    if (plan->dies_with_parent && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return give_up(plan, "tying it to its parent");
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan->program, plan->argv, plan->environment);
    return give_up(plan, "executing it");
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

tl::unexpected<Error> explain(const SpawnRequest& request, const ChildPlan& plan) {
    const std::string step(plan.failed_step);
    const std::string doing = fmt::format(
        "starting {}: {}{}",
        request.program,
        step,
        plan.directory != nullptr && step.find("directory") != std::string::npos
            ? " " + request.directory
            : ""
    );
    if (plan.failed_errno == ENOEXEC) {
        return fail(
            ErrorCode::invalid_input,
            doing + ": it is neither a binary nor does it begin with a #! line"
        );
    }
    if (plan.failed_errno == E2BIG) {
        return fail(
            ErrorCode::invalid_input,
            doing + ": its arguments and environment are too long; read XORCH_PARAMS instead"
        );
    }
    return fail_from_errno(doing, plan.failed_errno);
}

bool is_executable_file(const std::string& path) {
    struct stat status {};

    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

std::string below(const std::string& directory, const std::string& path) {
    if (path.starts_with('/') || directory.empty()) return path;
    return directory + "/" + path;
}

}  // namespace

Result<pid_t> spawn(const SpawnRequest& request) {
    const ChildStack stack;
    if (!stack.is_there()) return fail_from_errno("reserving a stack for a child", errno);
    const std::vector<char*> argv = pointers_to(request.argv);
    const std::vector<char*> environment = pointers_to(request.environment);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (const int cpu : request.cpus)
        CPU_SET(static_cast<std::size_t>(cpu), &cpus);
    ChildPlan plan{
        .program = request.program.c_str(),
        .argv = argv.data(),
        .environment = environment.data(),
        .directory = request.directory.empty() ? nullptr : request.directory.c_str(),
        .input = request.input,
        .output = request.output,
        .error_output = request.error_output,
        .cpus = request.cpus.empty() ? nullptr : &cpus,
        .dies_with_parent = request.dies_with_parent,
    };
    // A signal handler of ours must not run in the child while it shares our memory.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const int pid = ::clone(run_child, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
    const int clone_errno = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) {
        return fail_from_errno(
            fmt::format("starting {}: making a process", request.program), clone_errno
        );
    }
    if (plan.failed_step == nullptr) return pid;
    ::waitpid(pid, nullptr, 0);
    return explain(request, plan);
}

const char* find_variable(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            return entry.c_str() + name.size() + 1;
        }
    }
    return nullptr;
}

void set_variable(
    std::vector<std::string>& environment, std::string_view name, std::string_view value
) {
    std::string text = fmt::format("{}={}", name, value);
    for (std::string& entry : environment) {
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            entry = std::move(text);
            return;
        }
    }
    environment.push_back(std::move(text));
}

Result<std::string> find_program(
    const std::string& name,
    const std::vector<std::string>& environment,
    const std::string& directory
) {
    if (name.empty()) return fail(ErrorCode::invalid_input, "the command's first word is empty");
    if (name.find('/') != std::string::npos) {
        const std::string path = below(directory, name);
        if (is_executable_file(path)) return path;
        const bool exists = ::access(path.c_str(), F_OK) == 0;
        return fail(
            ErrorCode::not_found,
            fmt::format(
                "{} {}", path, exists ? "is not an executable file (chmod +x?)" : "does not exist"
            )
        );
    }
    const char* variable = find_variable(environment, "PATH");
    const std::string path = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        const std::string folder = end == begin ? "." : path.substr(begin, end - begin);
        std::string candidate = below(directory, folder + "/" + name);
        if (is_executable_file(candidate)) return candidate;
        begin = end + 1;
    }
    return fail(
        ErrorCode::not_found, fmt::format("program \"{}\" not found; PATH is {}", name, path)
    );
}

}  // namespace xorch
