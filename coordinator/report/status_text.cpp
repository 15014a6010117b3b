#include "coordinator/report/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "coordinator/report/text.h"

namespace xorch {

namespace {

// What fits a screen; `xorch records` and `--json` list everything.
constexpr std::size_t running_shown = 10;
constexpr std::size_t groups_shown = 5;
constexpr std::size_t units_named = 4;
constexpr std::size_t tail_lines_shown = 8;

using Lines = std::vector<std::string>;

// "xorch logs train/3", or with `--sweep` where the sweep was named.
std::string with_sweep(std::string command, const std::string& argument) {
    return argument.empty() ? command
                            : fmt::format("{} --sweep {}", command, quote_for_shell(argument));
}

std::string headline(const SweepStatus& status, const StatusPage& page) {
    std::string line = fmt::format(
        "{}  {}, {} of {} done",
        escape_for_terminal(status.sweep),
        sweep_phase_name(status.phase),
        format_count(status.units(UnitPhase::done)),
        count_of(status.total(), "unit")
    );
    const Millis age = page.now_unix - status.at_unix;
    if (status.at_unix.count() > 0 && age.count() >= 1000) {
        line += fmt::format("  (as of {} ago)", spell_duration(age));
    }
    return line;
}

void add_phase_explanation(const SweepStatus& status, Lines& lines) {
    if (!status.pause_reason.empty()) {
        std::istringstream reason(escape_for_terminal(status.pause_reason, Newlines::keep));
        std::string_view before = "paused: ";
        for (std::string line; std::getline(reason, line); before = "  ")
            lines.push_back(fmt::format("{}{}", before, line));
    }
    if (!status.refusal.empty()) {
        lines.push_back(fmt::format(
            "Slurm takes no more of its jobs: {}. `xorch resume` asks again; or change [slurm] "
            "(queue_ahead, where jobs may not submit jobs) and submit again: what is done is kept",
            escape_for_terminal(status.refusal)
        ));
    }
    if (status.phase == SweepPhase::stranded) {
        lines.emplace_back(
            "stranded: nobody reigns, and Slurm knows no job that would; nothing that was "
            "acknowledged is lost"
        );
    }
    if (status.phase == SweepPhase::abandoned) {
        lines.push_back(fmt::format(
            "its coordinator (pid {} on {}) is gone without a word; nothing that was acknowledged "
            "is lost",
            status.holder.pid,
            escape_for_terminal(status.holder.host)
        ));
    }
}

void add_disk_explanation(const StatusPage& page, Lines& lines) {
    if (!is_disk_full(page.disk_free)) return;
    lines.push_back(fmt::format(
        "the disk is full: {} bytes are left where the sweep lies. Nothing acknowledged is lost, "
        "finished units wait at their agents; free some space and all goes on by itself",
        format_count(page.disk_free->value)
    ));
}

Lines stage_table(const SweepStatus& status) {
    std::vector<UnitPhase> phases{
        UnitPhase::done,
        UnitPhase::assigned,
        UnitPhase::ready,
        UnitPhase::waiting,
        UnitPhase::failed,
        UnitPhase::cancelled};
    // Most sweeps have no [[stop]].
    if (status.units(UnitPhase::hopeless) > 0) phases.push_back(UnitPhase::hopeless);
    std::vector<Align> aligns(phases.size() + 2, Align::right);
    aligns.front() = Align::left;
    TextTable table(aligns);
    std::vector<std::string> head{"stage"};
    for (const UnitPhase phase : phases)
        head.emplace_back(phase_name(phase));
    head.emplace_back("total");
    table.add(std::move(head));
    for (const StageStatus& stage : status.stages) {
        std::vector<std::string> row{escape_for_terminal(stage.name)};
        for (const UnitPhase phase : phases)
            row.push_back(format_count(stage.in(phase)));
        row.push_back(stage.selection.empty() ? format_count(stage.total()) : "?");
        table.add(std::move(row));
    }
    return table.lines(2);
}

void add_section(std::string title, const Lines& body, Lines& lines) {
    if (body.empty()) return;
    lines.emplace_back();
    lines.push_back(std::move(title));
    lines.insert(lines.end(), body.begin(), body.end());
}

Lines running_lines(const SweepStatus& status, const StatusPage& page) {
    TextTable table({Align::left, Align::left, Align::right, Align::right, Align::left, Align::left}
    );
    for (std::size_t i = 0; i < std::min(status.running.size(), running_shown); ++i) {
        const RunningUnit& running = status.running[i];
        const bool queued = running.since_unix.count() == 0;
        table.add(
            {escape_for_terminal(running.unit.place),
             running.unit.id.substr(0, 8),
             fmt::format("attempt {}", running.attempt.value),
             queued ? "queued" : spell_duration(page.now_unix - running.since_unix),
             escape_for_terminal(describe_nodes(running)),
             escape_for_terminal(running.unit.values)}
        );
    }
    Lines lines;
    for (const std::string& line : table.lines(2)) {
        lines.push_back(shorten(line, page.width));
    }
    const std::uint64_t all = status.units(UnitPhase::assigned);
    if (all > running_shown && lines.size() == running_shown) {
        lines.push_back(fmt::format("  and {} more", format_count(all - running_shown)));
    }
    return lines;
}

Lines agent_lines(const SweepStatus& status) {
    TextTable table({Align::left, Align::right, Align::right, Align::left});
    for (const AgentStatus& agent : status.agents) {
        std::string offer = count_of(agent.capacity.cpus, "cpu");
        if (agent.capacity.gpus > 0) offer += ", " + count_of(agent.capacity.gpus, "gpu");
        table.add(
            {escape_for_terminal(agent.node),
             offer,
             count_of(agent.units, "unit"),
             fmt::format("allocation {}", agent.allocation.value)}
        );
    }
    Lines lines = table.lines(2);
    for (const BlamedNode& blamed : status.blamed) {
        lines.push_back(fmt::format(
            "  {} gets no work: {}; `xorch retry` trusts it again",
            escape_for_terminal(blamed.node),
            escape_for_terminal(blamed.reason)
        ));
    }
    return lines;
}

Lines waiting_lines(const SweepStatus& status) {
    Lines lines;
    for (const StageStatus& stage : status.stages) {
        const std::string name = escape_for_terminal(stage.name);
        if (!stage.selection.empty()) {
            lines.push_back(fmt::format(
                "  {} waits for selection {}", name, escape_for_terminal(stage.selection)
            ));
        } else if (!stage.waits_for.empty() && stage.in(UnitPhase::waiting) > 0) {
            lines.push_back(fmt::format(
                "  {} waits for stage {}",
                name,
                escape_for_terminal(fmt::format("{}", fmt::join(stage.waits_for, ", ")))
            ));
        }
    }
    const bool idle = status.agents.empty() && status.units(UnitPhase::ready) > 0;
    if (status.phase == SweepPhase::running && idle) {
        lines.emplace_back("  ready units wait for an allocation");
    }
    return lines;
}

Lines select_lines(const SweepStatus& status) {
    Lines lines;
    for (const SelectStatus& select : status.selects) {
        const std::string name = escape_for_terminal(select.name);
        if (select.refused) {
            lines.push_back(
                fmt::format("  {} refused: {}", name, escape_for_terminal(select.explanation))
            );
            continue;
        }
        for (const UnitName& unit : select.chosen) {
            lines.push_back(fmt::format(
                "  {} chose {}  {}",
                name,
                escape_for_terminal(unit.place),
                escape_for_terminal(unit.values)
            ));
        }
    }
    return lines;
}

void add_group(const FailureGroup& group, const StatusPage& page, Lines& lines) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(group.units.size(), units_named); ++i) {
        names.push_back(escape_for_terminal(group.units[i].place));
    }
    if (group.units.size() > units_named) names.emplace_back("...");
    std::string what(cause_name(group.cause));
    if (!group.message.empty()) what += ": " + escape_for_terminal(group.message);
    lines.push_back(fmt::format("  {} x {}  ({})", group.units.size(), what, fmt::join(names, ", "))
    );
    if (group.units.size() == 1 && !group.units[0].values.empty()) {
        lines.push_back("      with " + escape_for_terminal(group.units[0].values));
    }
    for (const std::string& line : tail_lines(group.tail, tail_lines_shown)) {
        lines.push_back(
            "      | " +
            shorten(escape_for_terminal(line), std::max<std::size_t>(page.width, 40) - 8)
        );
    }
    lines.push_back(fmt::format(
        "      `{}` shows all of its output",
        with_sweep("xorch logs " + escape_for_terminal(group.units[0].place), page.argument)
    ));
}

std::map<Cause, std::uint64_t> failed_by(const SweepStatus& status) {
    std::map<Cause, std::uint64_t> counts;
    for (const StageStatus& stage : status.stages) {
        for (const CauseCount& count : stage.failed_by) {
            counts[count.cause] += count.units;
        }
    }
    return counts;
}

}  // namespace

bool is_disk_full(const std::optional<Bytes>& disk_free) {
    // A journal that was cut off by a full disk goes on once this much is free.
    constexpr Bytes needed{1ULL << 20U};
    return disk_free && disk_free->value < needed.value;
}

std::string next_command(const SweepStatus& status, const std::string& argument) {
    const auto command = [&](std::string_view verb) {
        return argument.empty() ? fmt::format("xorch {}", verb)
                                : fmt::format("xorch {} {}", verb, quote_for_shell(argument));
    };
    switch (status.phase) {
        case SweepPhase::running:
        case SweepPhase::queued:
            return command("watch");
        case SweepPhase::paused:
        case SweepPhase::stopped:
        case SweepPhase::abandoned:
        case SweepPhase::stranded:
            if (!status.gate.empty()) {
                return command("approve " + quote_for_shell(status.gate));
            }
            // Paused by failures, as a rule: without a new budget the same units would stay failed.
            if (!status.pause_reason.empty() && status.units(UnitPhase::failed) > 0) {
                return command("retry");
            }
            // `resume` asks again for what Slurm refused, and leaves every other pause alone.
            if (!status.pause_reason.empty() && status.refusal.empty()) return command("continue");
            return command("resume");
        case SweepPhase::complete:
            break;
    }
    if (status.units(UnitPhase::failed) + status.units(UnitPhase::cancelled) > 0) {
        return command("retry");
    }
    return command("summary");
}

Lines failure_lines(const SweepStatus& status, const StatusPage& page) {
    Lines lines;
    const std::vector<FailureGroup> groups = group_failures(page.failures);
    for (std::size_t i = 0; i < std::min(groups.size(), groups_shown); ++i) {
        add_group(groups[i], page, lines);
    }
    if (groups.size() > groups_shown) {
        lines.push_back(fmt::format("  and {} other kinds of failure", groups.size() - groups_shown)
        );
    }
    std::uint64_t detailed = page.failures.size();
    for (const auto& [cause, units] : failed_by(status)) {
        if (cause == Cause::upstream) {
            lines.push_back(fmt::format("  {} because an input failed", count_of(units, "unit")));
        } else if (cause == Cause::gate_not_met) {
            lines.push_back(
                fmt::format("  {} because its selection was refused", count_of(units, "unit"))
            );
        } else if (detailed < units) {
            lines.push_back(
                fmt::format("  {} in all: {}", cause_name(cause), count_of(units, "unit"))
            );
        }
    }
    return lines;
}

Lines status_lines(const SweepStatus& status, const StatusPage& page) {
    Lines lines{headline(status, page)};
    add_phase_explanation(status, lines);
    if (status.phase != SweepPhase::complete) add_disk_explanation(page, lines);
    lines.emplace_back();
    const Lines stages = stage_table(status);
    lines.insert(lines.end(), stages.begin(), stages.end());
    const bool live = status.phase == SweepPhase::running || status.phase == SweepPhase::paused;
    if (live) {
        add_section("running", running_lines(status, page), lines);
        add_section("agents", agent_lines(status), lines);
    }
    if (status.phase != SweepPhase::complete) {
        add_section(page.jobs_title, page.jobs, lines);
        add_section("waiting", waiting_lines(status), lines);
    }
    add_section("selected", select_lines(status), lines);
    const std::uint64_t failed = status.units(UnitPhase::failed);
    add_section(
        fmt::format("failed: {}", count_of(failed, "unit")), failure_lines(status, page), lines
    );
    lines.emplace_back();
    lines.push_back("next: " + next_command(status, page.argument));
    return lines;
}

}  // namespace xorch
