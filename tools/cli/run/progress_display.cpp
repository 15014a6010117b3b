#include "tools/cli/run/progress_display.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "coordinator/report/text.h"
#include "core/io/console.h"

namespace xorch {

namespace {

constexpr Millis line_every{10'000};  // in a log file, more often is noise

}  // namespace

void ProgressDisplay::show(
    Now now, const SweepStatus& status, const std::vector<std::string>& jobs
) {
    pace_.see(now.boot, status);
    const ProgressView view{
        .width = terminal_.width,
        .colour = terminal_.colour,
        .now_unix = now.unix,
        .left = pace_.left(),
        .jobs = jobs};
    if (!terminal_.is_terminal) {
        const std::string line = progress_line(status, view);
        const bool due = last_line_.empty() || now.boot - last_line_boot_ >= line_every;
        if (!due || line == last_line_) return;
        say_line(stdout, line);
        last_line_ = line;
        last_line_boot_ = now.boot;
        return;
    }
    const auto lines = progress_lines(status, view);
    say_line(stdout, erasure() + fmt::format("{}", fmt::join(lines, "\n")));
    lines_drawn_ = lines.size();
}

void ProgressDisplay::say(std::string_view line) {
    say_line(stdout, erasure() + escape_for_terminal(line, Newlines::keep));
}

void ProgressDisplay::finish() {
    lines_drawn_ = 0;
}

std::string ProgressDisplay::erasure() {
    const std::size_t lines = std::exchange(lines_drawn_, 0);
    // To the first drawn line, then clear to the end of the screen.
    return lines == 0 ? "" : fmt::format("\x1b[{}F\x1b[J", lines);
}

}  // namespace xorch
