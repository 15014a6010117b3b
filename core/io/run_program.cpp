#include "core/io/run_program.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/io/clock.h"
#include "core/io/pipe.h"

namespace xorch {

namespace {

enum class Stream { open, closed, too_long };

Stream read_available(const Descriptor& from, std::string& text, std::size_t bytes_max) {
    std::array<char, 16384> chunk{};
    for (;;) {
        const ssize_t got = ::read(from.number(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN ? Stream::open : Stream::closed;
        if (got == 0) return Stream::closed;
        if (text.size() + static_cast<std::size_t>(got) > bytes_max) return Stream::too_long;
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

// Reads both streams until they are closed and the program has ended: one may close its streams and
// live on. Empty if all went well, else what went wrong.
std::string collect(
    const Pipe& output,
    const Pipe& errors,
    const Descriptor& process,
    ProgramRun& run,
    RunBounds bounds
) {
    const Millis end = read_clocks().boot + bounds.time;
    std::array<pollfd, 3> watched{
        pollfd{output.read_end.number(), POLLIN, 0},
        pollfd{errors.read_end.number(), POLLIN, 0},
        pollfd{process.number(),         POLLIN, 0}
    };
    while (watched[0].fd >= 0 || watched[1].fd >= 0 || watched[2].fd >= 0) {
        const Millis left = end - read_clocks().boot;
        if (left.count() <= 0)
            return fmt::format("it took longer than {} s", bounds.time.count() / 1000);
        if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0) {
            if (errno != EINTR) return "waiting for its output failed";
            continue;
        }
        if (watched[2].revents != 0) watched[2].fd = -1;
        for (std::size_t i = 0; i < 2; ++i) {
            if (watched[i].fd < 0 || watched[i].revents == 0) continue;
            std::string& text = i == 0 ? run.output : run.error_output;
            const Pipe& pipe = i == 0 ? output : errors;
            const Stream state = read_available(pipe.read_end, text, bounds.bytes);
            if (state == Stream::too_long) return "it wrote too much";
            if (state == Stream::closed) watched[i].fd = -1;
        }
    }
    return "";
}

}  // namespace

std::string last_lines(const std::string& text) {
    constexpr std::size_t bytes = 1000;
    return text.size() <= bytes ? text : "..." + text.substr(text.size() - bytes);
}

Result<ProgramRun> run_program(SpawnRequest request, RunBounds bounds) {
    auto output = make_pipe();
    if (!output) return tl::unexpected(output.error());
    auto errors = make_pipe();
    if (!errors) return tl::unexpected(errors.error());
    request.output = output->write_end.number();
    request.error_output = errors->write_end.number();
    const auto pid = spawn(request);
    if (!pid) return tl::unexpected(pid.error());
    output->write_end = Descriptor();
    errors->write_end = Descriptor();
    ProgramRun run;
    // Without one (an old kernel), the program's closed streams must do as its end.
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0U)));
    const std::string problem = collect(*output, *errors, process, run, bounds);
    // Its own session: the group is its children too, as far as they stayed in it.
    if (!problem.empty()) ::kill(-*pid, SIGKILL);
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!problem.empty()) {
        return fail(
            ErrorCode::unavailable,
            fmt::format(
                "running {}: {}; it was killed. {}",
                request.program,
                problem,
                last_lines(run.error_output)
            )
        );
    }
    if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
    return run;
}

}  // namespace xorch
