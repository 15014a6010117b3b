#include "tools/cli/run/progress_display.h"

#include <fmt/format.h>

#include <cstdio>

#include "coordinator/report/text.h"

namespace xorch {

namespace {

constexpr Millis line_every{10'000};  // in a log file, more often is noise

}  // namespace

void ProgressDisplay::show(Now now, const SweepStatus& status) {
    pace_.see(now.boot, status);
    const ProgressView view{
        .width = terminal_.width,
        .colour = terminal_.colour,
        .now_unix = now.unix,
        .left = pace_.left()};
    if (!terminal_.is_terminal) {
        const std::string line = progress_line(status, view);
        const bool due = last_line_.empty() || now.boot - last_line_boot_ >= line_every;
        if (!due || line == last_line_) return;
        fmt::print("{}\n", line);
        std::fflush(stdout);
        last_line_ = line;
        last_line_boot_ = now.boot;
        return;
    }
    erase();
    const auto lines = progress_lines(status, view);
    for (const std::string& line : lines)
        fmt::print("{}\n", line);
    std::fflush(stdout);
    lines_drawn_ = lines.size();
}

void ProgressDisplay::say(std::string_view line) {
    erase();
    fmt::print("{}\n", escape_for_terminal(line, Newlines::keep));
    std::fflush(stdout);
}

void ProgressDisplay::finish() {
    lines_drawn_ = 0;
}

void ProgressDisplay::erase() {
    if (lines_drawn_ == 0) return;
    fmt::print(
        "\x1b[{}F\x1b[J", lines_drawn_
    );  // to the first drawn line, then clear to the end of the screen
    lines_drawn_ = 0;
}

}  // namespace xorch
