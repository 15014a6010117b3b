// A runner whose only job does what its parameters say, without LibTorch: the process that the
// tests of native units run.

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "jobs/runner/serve.h"

namespace xorch {
namespace {

ParameterDeclaration integer(const char* name, std::int64_t otherwise) {
    return {.name = name, .type = ParameterType::integer, .default_value = Value(otherwise)};
}

JobDeclaration declare_script() {
    JobDeclaration job;
    job.name = "script";
    job.parameters = {
        integer("steps", 3),
        integer("save_every", 0),  // steps; 0 = only when asked
        integer("die_at", -1),     // kills itself before that step
        integer("exit_at", -1),    // exits as if all were well
        integer("throw_at", -1),
        integer("memory_at", -1),  // has no memory left
        integer("wait_at", -1),    // until it is asked to stop
        integer("hang_at", -1),    // for ever, deaf
        integer("keep_mib", 0),    // memory that it never gives back
        integer("leave_child", 0),
        integer("inputs", 0),  // that it must find, and an artifact then names the first one
        integer("chatter", 0)  // bytes of output per step
    };
    return job;
}

bool is_at(const NativeUnit& unit, const char* name, std::int64_t step) {
    return unit.params().integer(name) == step;
}

void misbehave(const NativeUnit& unit, std::int64_t step) {
    if (is_at(unit, "die_at", step)) ::raise(SIGKILL);
    if (is_at(unit, "exit_at", step)) std::exit(EXIT_SUCCESS);
    if (is_at(unit, "throw_at", step)) throw std::runtime_error("it went wrong");
    if (is_at(unit, "memory_at", step)) throw std::bad_alloc();
    if (is_at(unit, "hang_at", step)) {
        fmt::print("hanging\n");
        std::fflush(stdout);
        for (;;)
            ::pause();
    }
}

// The memory of an earlier unit that was not given back.
std::vector<std::unique_ptr<std::string>>& kept() {
    static std::vector<std::unique_ptr<std::string>> memory;
    return memory;
}

void leave_child() {
    if (::fork() != 0) return;
    for (;;)
        ::pause();
}

Result<void> look_at_inputs(NativeUnit& unit) {
    const auto count = static_cast<std::size_t>(unit.params().integer("inputs"));
    if (unit.inputs().size() != count) return fail(ErrorCode::invalid_input, "other inputs");
    if (count == 0) return {};
    const auto path = unit.artifact("seen/input.txt");
    if (!path) return tl::unexpected(path.error());
    std::ofstream(*path) << unit.inputs().front().directory;
    return {};
}

// A sum that depends on every step, so that a step done twice or left out shows.
Result<JobEnd> run_script(NativeUnit& unit) {
    const auto saved = unit.resume();
    if (!saved) return tl::unexpected(saved.error());
    std::int64_t step = *saved ? (*saved)->integer("step").value_or(-1) : 0;
    std::int64_t sum = *saved ? (*saved)->integer("sum").value_or(-1) : unit.seed();
    if (unit.params().integer("leave_child") != 0) leave_child();
    const auto kept_bytes = static_cast<std::size_t>(unit.params().integer("keep_mib")) << 20U;
    if (kept_bytes > 0) kept().push_back(std::make_unique<std::string>(kept_bytes, 'm'));
    if (auto found = look_at_inputs(unit); !found) return tl::unexpected(found.error());
    const std::int64_t steps = unit.params().integer("steps");
    const std::int64_t save_every = unit.params().integer("save_every");
    for (; step < steps;) {
        misbehave(unit, step);
        while (is_at(unit, "wait_at", step) && !unit.should_stop())
            std::this_thread::yield();
        sum = (sum * 31 + step) % 1'000'003;
        fmt::print("step {} in {}\n", step, ::getpid());
        fmt::print(
            "{}", std::string(static_cast<std::size_t>(unit.params().integer("chatter")), 'x')
        );
        if (auto told = unit.report({
                {"step", step},
                {"sum",  sum }
        });
            !told)
            return tl::unexpected(told.error());
        ++step;
        const bool is_due = save_every > 0 && step % save_every == 0;
        if (!is_due && !unit.should_checkpoint()) continue;
        const JobState state{
            .values = {{"step", step}, {"sum", sum}}
        };
        if (auto ok = unit.checkpoint(step, state); !ok) return tl::unexpected(ok.error());
        if (unit.should_stop()) return JobEnd::checkpointed;
    }
    return JobEnd::done;
}

void begin_unit(std::uint32_t /*seed*/, std::uint32_t /*threads*/) {}

std::string env_key(std::uint32_t threads) {
    return fmt::format("script threads-{}", threads);
}

JobFailure describe(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
        return {.message = "no memory left", .out_of_memory = true};
    } catch (const std::exception& error) {
        return {.message = error.what()};
    }
}

constexpr NativeJob jobs[] = {
    {"script", run_script}
};

}  // namespace
}  // namespace xorch

namespace {

// As rank 0 of a gang the socket is at that path; the other ranks of this runner have nothing to
// do.
bool is_connected(const char* path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const auto* there = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(socket, there, sizeof address) == 0 && ::dup2(socket, STDIN_FILENO) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2 && std::string_view(argv[1]) == "gang") {
        if (std::string_view(std::getenv("RANK")) != "0") return EXIT_SUCCESS;
        if (!is_connected(argv[2])) return EXIT_FAILURE;
    }
    std::uint64_t growth_max = 0;
    const std::string_view growth(argc > 2 ? argv[2] : "");
    std::from_chars(growth.data(), growth.data() + growth.size(), growth_max);
    return xorch::serve_parent(
        {.declarations = {xorch::declare_script()},
         .jobs = xorch::jobs,
         .begin_unit = xorch::begin_unit,
         .env_key = xorch::env_key,
         .describe = xorch::describe,
         .growth_max = growth_max}
    );
}
