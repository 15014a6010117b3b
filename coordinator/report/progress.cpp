#include "coordinator/report/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/text.h"

namespace xorch {

namespace {

// Long enough to smooth over units of different length, short enough to follow a change of nodes.
constexpr Millis pace_window{600'000};

// A bar narrower than this says nothing.
constexpr std::size_t bar_width_min = 10;
constexpr std::size_t bar_width_max = 40;

enum class Paint { none, green, red, yellow };

std::string painted(std::string text, Paint paint, bool colour) {
    if (!colour || text.empty()) return text;
    switch (paint) {
        case Paint::none:
            return text;
        case Paint::green:
            return "\x1b[32m" + text + "\x1b[0m";
        case Paint::red:
            return "\x1b[31m" + text + "\x1b[0m";
        case Paint::yellow:
            return "\x1b[33m" + text + "\x1b[0m";
    }
    return text;
}

std::size_t share(std::uint64_t part, std::uint64_t whole, std::size_t width) {
    return whole == 0 ? 0 : static_cast<std::size_t>(part * width / whole);
}

// "#####xx>>....": done, without a result for good, running, the rest.
std::string bar(const StageStatus& stage, std::size_t width, bool colour) {
    const std::uint64_t total = stage.total();
    const std::uint64_t done = stage.in(UnitPhase::done);
    const std::uint64_t failed = stage.in(UnitPhase::failed) + stage.in(UnitPhase::cancelled) +
                                 stage.in(UnitPhase::hopeless);
    const std::uint64_t running = stage.in(UnitPhase::assigned);
    // Ends of the parts are rounded, not their lengths, so that the bar is full only at the end.
    const std::size_t done_end = share(done, total, width);
    const std::size_t failed_end = share(done + failed, total, width);
    const std::size_t running_end = share(done + failed + running, total, width);
    return "[" + painted(std::string(done_end, '#'), Paint::green, colour) +
           painted(std::string(failed_end - done_end, 'x'), Paint::red, colour) +
           painted(std::string(running_end - failed_end, '>'), Paint::yellow, colour) +
           std::string(width - running_end, '.') + "]";
}

std::string comma_separated(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ", "));
}

// "2 assigned, 1 failed", or what the stage waits for.
std::string stage_note(const StageStatus& stage) {
    std::vector<std::string> parts;
    const auto add = [&](std::uint32_t units, std::string_view what) {
        if (units > 0) parts.push_back(fmt::format("{} {}", format_count(units), what));
    };
    add(stage.in(UnitPhase::assigned), "assigned");
    add(stage.in(UnitPhase::failed), "failed");
    add(stage.in(UnitPhase::cancelled), "cancelled");
    add(stage.in(UnitPhase::hopeless), "hopeless");
    if (!stage.selection.empty()) {
        parts.push_back("waits for selection " + escape_for_terminal(stage.selection));
    } else if (!stage.waits_for.empty() && stage.in(UnitPhase::waiting) > 0) {
        parts.push_back("waits for " + escape_for_terminal(comma_separated(stage.waits_for)));
    }
    return comma_separated(parts);
}

std::uint64_t final_units(const SweepStatus& status) {
    return status.units(UnitPhase::done) + status.units(UnitPhase::failed) +
           status.units(UnitPhase::cancelled) + status.units(UnitPhase::hopeless);
}

std::string headline(const SweepStatus& status, const ProgressView& view) {
    std::string line = fmt::format(
        "{}  {}  {} of {}",
        escape_for_terminal(status.sweep),
        sweep_phase_name(status.phase),
        format_count(final_units(status)),
        count_of(status.total(), "unit")
    );
    if (status.phase == SweepPhase::running && view.left) {
        line += fmt::format("  about {} left", spell_duration(*view.left));
    }
    if (status.phase == SweepPhase::paused) {
        line += "  " + escape_for_terminal(status.pause_reason);
    }
    return shorten(line, view.width);
}

std::vector<std::string> stage_lines(const SweepStatus& status, const ProgressView& view) {
    std::size_t name_width = 0;
    std::size_t count_width = 0;
    std::vector<std::string> names;
    std::vector<std::string> counts;
    for (const StageStatus& stage : status.stages) {
        names.push_back(escape_for_terminal(stage.name));
        counts.push_back(
            fmt::format("{}/{}", format_count(stage.final_units()), format_count(stage.total()))
        );
        name_width = std::max(name_width, display_width(names.back()));
        count_width = std::max(count_width, counts.back().size());
    }
    const std::size_t taken = name_width + count_width + 30;
    const std::size_t room = view.width > taken ? view.width - taken : 0;
    const std::size_t bar_width = std::clamp(room, bar_width_min, bar_width_max);
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < status.stages.size(); ++i) {
        const StageStatus& stage = status.stages[i];
        const std::string padding(name_width - display_width(names[i]), ' ');
        const std::size_t used = name_width + bar_width + count_width + 8;
        const std::string note =
            shorten(stage_note(stage), view.width > used ? view.width - used : 0);
        std::string line = fmt::format(
            "{}{}  {}  {:>{}}",
            names[i],
            padding,
            bar(stage, bar_width, view.colour),
            counts[i],
            count_width
        );
        if (!note.empty()) line += "  " + note;
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

void Pace::see(Millis now, const SweepStatus& status) {
    const std::uint64_t units = final_units(status);
    open_units_ = status.total() - units;
    // A retry makes final units live again: what was measured before says nothing any more.
    if (!samples_.empty() && units < samples_.back().final_units) samples_.clear();
    samples_.push_back({.at = now, .final_units = units});
    while (samples_.size() > 2 && now - samples_[1].at >= pace_window) {
        samples_.pop_front();
    }
}

std::optional<Millis> Pace::left() const {
    if (samples_.size() < 2) return std::nullopt;
    const std::uint64_t ended = samples_.back().final_units - samples_.front().final_units;
    const Millis took = samples_.back().at - samples_.front().at;
    if (ended == 0 || took.count() <= 0) return std::nullopt;
    const double each = static_cast<double>(took.count()) / static_cast<double>(ended);
    return Millis{static_cast<std::int64_t>(each * static_cast<double>(open_units_))};
}

std::vector<std::string> progress_lines(const SweepStatus& status, const ProgressView& view) {
    std::vector<std::string> lines{headline(status, view)};
    for (std::string& line : stage_lines(status, view)) {
        lines.push_back(std::move(line));
    }
    TextTable table({Align::left, Align::right, Align::left, Align::left});
    std::size_t shown = 0;
    for (const RunningUnit& running : status.running) {
        if (running.since_unix.count() == 0 || shown == view.running_max) continue;
        ++shown;
        table.add(
            {escape_for_terminal(running.unit.place),
             spell_duration(view.now_unix - running.since_unix),
             escape_for_terminal(describe_nodes(running)),
             escape_for_terminal(running.unit.values)}
        );
    }
    for (const std::string& line : table.lines(2)) {
        lines.push_back(shorten(line, view.width));
    }
    for (const std::string& job : view.jobs) {
        lines.push_back(shorten(job, view.width));
    }
    return lines;
}

std::string progress_line(const SweepStatus& status, const ProgressView& view) {
    std::string line = fmt::format(
        "{}: {} of {} done",
        escape_for_terminal(status.sweep),
        format_count(status.units(UnitPhase::done)),
        count_of(status.total(), "unit")
    );
    const auto add = [&](UnitPhase phase, std::string_view what) {
        const std::uint64_t units = status.units(phase);
        if (units > 0) line += fmt::format(", {} {}", format_count(units), what);
    };
    add(UnitPhase::assigned, "assigned");
    add(UnitPhase::failed, "failed");
    add(UnitPhase::cancelled, "cancelled");
    add(UnitPhase::hopeless, "hopeless");
    if (status.phase != SweepPhase::running) {
        line += fmt::format(", {}", sweep_phase_name(status.phase));
        if (status.phase == SweepPhase::queued && !view.jobs.empty()) {
            line += ":" + comma_separated(view.jobs);
        }
    } else if (view.left) {
        line += fmt::format(", about {} left", spell_duration(*view.left));
    }
    return line;
}

}  // namespace xorch
