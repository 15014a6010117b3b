// What an attempt costs beyond its process: /bin/true through the attempt runner, by posix_spawn
// alone, and by xargs, two at a time. One line of a table per way; the ratio is to the first.
//
//   spawn_bench [count]        default 10000

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "core/hash.h"
#include "core/io/clock.h"
#include "worker/attempt_runner.h"

namespace xorch {
namespace {

constexpr std::uint32_t slots = 2;

double seconds(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void by_posix_spawn(std::uint32_t count) {
    char name[] = "true";
    char* argv[] = {name, nullptr};
    std::uint32_t running = 0;
    for (std::uint32_t i = 0; i < count || running > 0;) {
        if (i < count && running < slots) {
            pid_t pid = 0;
            XORCH_CHECK(
                ::posix_spawn(&pid, "/bin/true", nullptr, nullptr, argv, environ) == 0, "spawning"
            );
            ++i;
            ++running;
        } else {
            ::wait(nullptr);
            --running;
        }
    }
}

void by_xargs(std::uint32_t count) {
    const std::string line = fmt::format("seq {} | xargs -P{} -n1 /bin/true", count, slots);
    XORCH_CHECK(std::system(line.c_str()) == 0, "running xargs");
}

StartAttempt attempt(std::uint32_t index) {
    StartAttempt order;
    order.assignment.unit.index = index;
    order.assignment.attempt = {1};
    order.assignment.id = hash_unit(std::to_string(index));
    order.assignment.params = R"({"lr":0.1})";
    return order;
}

void by_runner(std::uint32_t count, const std::string& folder) {
    Sweep sweep;
    sweep.directory = "/";
    sweep.stages.emplace_back();
    sweep.stages.front().name = "bench";
    sweep.stages.front().argv = {"/bin/true"};
    auto runner = AttemptRunner::start(
        sweep,
        {.layout = {.root = folder},
         .incarnation = {1},
         .scratch = folder + "/scratch",
         .capacity = {.cpus = slots}}
    );
    XORCH_CHECK(runner.has_value(), "starting the runner");
    std::uint32_t started = 0;
    std::uint32_t ended = 0;
    while (ended < count) {
        const Now now = read_clocks();
        while (started < count && started - ended < slots) {
            runner->carry_out(now, attempt(started++));
        }
        pollfd ready{runner->descriptor(), POLLIN, 0};
        ::poll(&ready, 1, 100);
        for (const AttemptNews& news : runner->poll(read_clocks())) {
            const auto* over = std::get_if<AttemptOver>(&news);
            if (over == nullptr) continue;
            XORCH_CHECK(over->end.cause == Cause::none, over->end.message);
            ++ended;
        }
    }
}

void print(const char* way, double took, double reference, std::uint32_t count) {
    fmt::print(
        "{:<14} {:>8.2f} s {:>9.1f} us/attempt {:>6.2f}\n",
        way,
        took,
        took * 1e6 / count,
        took / reference
    );
}

int run(std::uint32_t count) {
    std::string folder = (std::filesystem::temp_directory_path() / "xorch-bench-XXXXXX").string();
    XORCH_CHECK(::mkdtemp(folder.data()) != nullptr, "making a folder");
    const double xargs = seconds([&] { by_xargs(count); });
    print("xargs -P2 -n1", xargs, xargs, count);
    print("posix_spawn", seconds([&] { by_posix_spawn(count); }), xargs, count);
    print("attempt runner", seconds([&] { by_runner(count, folder); }), xargs, count);
    std::filesystem::remove_all(folder);
    return 0;
}

}  // namespace
}  // namespace xorch

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::atoi(argv[1]) : 10'000;
    return xorch::run(static_cast<std::uint32_t>(count > 0 ? count : 1));
}
