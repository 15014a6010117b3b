#include "core/io/pipe.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace xorch {

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_from_errno("making a pipe", errno);
    Pipe pipe{.read_end = Descriptor(ends[0]), .write_end = Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        return fail_from_errno("making a pipe non-blocking", errno);
    }
    return pipe;
}

Result<Descriptor> make_event() {
    Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return fail_from_errno("making an event descriptor", errno);
    return event;
}

void signal_event(const Descriptor& event) {
    // It can fail only when the counter is full, and then the reader is awake anyhow.
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event.number(), &one, sizeof one);
}

void drain_event(const Descriptor& event) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event.number(), &count, sizeof count);
}

}  // namespace xorch
