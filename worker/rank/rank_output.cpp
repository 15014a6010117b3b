#include "worker/rank/rank_output.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace xorch {

namespace {

// Twice what a report shows.
constexpr std::size_t recent_bytes_max = 8U << 10U;
// A line that is longer is passed on in pieces.
constexpr std::size_t line_bytes_max = 64U << 10U;

// A launcher that is gone hears nothing; the rank is ended by other means.
void write_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(to, bytes.data(), bytes.size());
        if (done > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(done));
        } else if (done < 0 && errno == EAGAIN) {
            pollfd room{.fd = to, .events = POLLOUT, .revents = 0};
            ::poll(&room, 1, -1);
        } else if (done == 0 || errno != EINTR) {
            return;
        }
    }
}

}  // namespace

bool RankStream::pass_on(std::string& recent) {
    if (!from_.is_open()) return false;
    std::array<char, 65536> chunk{};
    const ssize_t got = ::read(from_.number(), chunk.data(), chunk.size());
    if (got < 0) return errno == EINTR;
    if (got == 0) {
        from_ = Descriptor();
        flush();
        return false;
    }
    const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
    recent += bytes;
    if (recent.size() > 2 * recent_bytes_max) recent.erase(0, recent.size() - recent_bytes_max);
    if (prefix_.empty()) {
        write_all(to_, bytes);
    } else {
        write_lines(bytes);
    }
    return true;
}

void RankStream::write_lines(std::string_view bytes) {
    std::string lines;
    for (const char byte : bytes) {
        if (line_.empty()) line_ = prefix_;
        line_ += byte;
        if (byte != '\n' && line_.size() < line_bytes_max) continue;
        if (byte != '\n') line_ += '\n';
        lines += line_;
        line_.clear();
    }
    write_all(to_, lines);
}

void RankStream::flush() {
    if (line_.empty()) return;
    write_all(to_, line_ + "\n");
    line_.clear();
}

}  // namespace xorch
