#include "coordinator/report/audit/audit_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "coordinator/report/status.h"
#include "coordinator/report/tables/record_table.h"
#include "coordinator/report/text.h"

namespace xorch {

namespace {

// Values of one axis that are not complete; more than these are a table of their own.
constexpr std::size_t values_max = 8;

// Flaws of one kind and cause: one thing to mend.
struct FlawGroup {
    std::vector<const Flaw*> flaws;
    bool equal_details = true;
};

std::vector<FlawGroup> group_flaws(const std::vector<Flaw>& flaws) {
    std::map<std::pair<FlawKind, std::string>, FlawGroup> groups;
    for (const Flaw& flaw : flaws) {
        FlawGroup& group = groups[{flaw.kind, flaw.cause}];
        if (!group.flaws.empty() && group.flaws.front()->detail != flaw.detail) {
            group.equal_details = false;
        }
        group.flaws.push_back(&flaw);
    }
    std::vector<FlawGroup> sorted;
    for (auto& [key, group] : groups)
        sorted.push_back(std::move(group));
    return sorted;
}

std::string command(std::string_view verb, const std::string& argument) {
    return argument.empty() ? fmt::format("xorch {}", verb)
                            : fmt::format("xorch {} {}", verb, quote_for_shell(argument));
}

std::string unit_names(
    const Plan& plan, const std::vector<const Flaw*>& flaws, std::size_t units_shown
) {
    const std::size_t shown = units_shown == 0 ? flaws.size() : std::min(units_shown, flaws.size());
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
        const UnitName name = name_unit(plan, flaws[i]->unit);
        text += fmt::format("{}{}", i == 0 ? "" : ", ", escape_for_terminal(name.place));
        if (shown <= 5 && !name.values.empty()) {
            text += fmt::format(" ({})", escape_for_terminal(name.values));
        }
    }
    if (shown < flaws.size()) text += fmt::format(" and {} more", flaws.size() - shown);
    return text;
}

void add_group(
    const Plan& plan,
    const StageAudit& audit,
    const FlawGroup& group,
    const AuditPage& page,
    std::vector<std::string>& lines
) {
    const Flaw& first = *group.flaws.front();
    const std::string kind(flaw_name(first.kind));
    std::string head = "  " + kind;
    if (first.cause != kind) head += ": " + escape_for_terminal(first.cause);
    head += fmt::format(", {}", count_of(group.flaws.size(), "unit"));
    lines.push_back(head);
    if (!first.detail.empty()) {
        lines.push_back(fmt::format(
            "    {}{}",
            group.equal_details ? "" : "for example: ",
            shorten(escape_for_terminal(first.detail), 200)
        ));
    }
    lines.push_back("    " + unit_names(plan, group.flaws, page.units));
    if (wants_mending(first.kind)) {
        lines.push_back("    -> " + remedy_of(first, audit.name, page.argument));
    }
}

void add_axes(const StageAudit& audit, std::vector<std::string>& lines) {
    if (audit.sound == audit.expected) return;
    for (const AxisAudit& axis : audit.axes) {
        std::vector<std::string> texts;
        for (const AxisCount& count : axis.counts) {
            if (count.sound == count.expected) continue;
            texts.push_back(fmt::format(
                "{} {}/{}",
                count.value.is_null() ? "none" : escape_for_terminal(format_cell(count.value)),
                count.sound,
                count.expected
            ));
        }
        const std::size_t all = texts.size();
        const bool says_nothing = all == axis.counts.size() && all > values_max;
        if (says_nothing) continue;
        if (all > values_max) {
            texts.resize(values_max);
            texts.push_back(fmt::format("and {} more values", all - values_max));
        }
        lines.push_back(fmt::format(
            "  by {}: {}", escape_for_terminal(axis.axis), fmt::format("{}", fmt::join(texts, ", "))
        ));
    }
}

Value flaw_json(
    const Plan& plan, const StageAudit& audit, const Flaw& flaw, const std::string& argument
) {
    const UnitName name = name_unit(plan, flaw.unit);
    Object object;
    object.emplace_back("unit", name.place);
    object.emplace_back("id", name.id);
    object.emplace_back("parameters", plan.axes(flaw.unit));
    object.emplace_back("kind", flaw_name(flaw.kind));
    object.emplace_back("cause", flaw.cause);
    object.emplace_back("detail", flaw.detail);
    if (wants_mending(flaw.kind)) {
        object.emplace_back("remedy", remedy_of(flaw, audit.name, argument));
    }
    return object;
}

Value axis_json(const AxisAudit& axis) {
    Array values;
    for (const AxisCount& count : axis.counts) {
        values.emplace_back(Object{
            {"value",    count.value                 },
            {"expected", std::int64_t{count.expected}},
            {"done",     std::int64_t{count.done}    },
            {"sound",    std::int64_t{count.sound}   }
        });
    }
    return Object{
        {"axis",   axis.axis        },
        {"values", std::move(values)}
    };
}

}  // namespace

std::string remedy_of(const Flaw& flaw, const std::string& stage, const std::string& argument) {
    const auto look = [&] {
        return command("why", "") + fmt::format(" {}/{}", stage, flaw.unit.index) +
               (argument.empty() ? std::string() : " --sweep " + quote_for_shell(argument));
    };
    switch (flaw.kind) {
        case FlawKind::missing:
            if (flaw.cause == "never started" || flaw.cause == "waits for its inputs" ||
                flaw.cause == "not finished" || flaw.cause == "stopped on request") {
                return command("resume", argument);
            }
            if (flaw.cause == "out of memory") {
                return fmt::format(
                    "xorch submit FILE.toml --set stage.{}.resources.memory=MORE", stage
                );
            }
            if (flaw.cause == "gate not met") return look();
            return command("backfill", argument);
        case FlawKind::torn:
        case FlawKind::column_missing:
        case FlawKind::not_a_number:
        case FlawKind::duplicate:
            return command("backfill", argument);
        case FlawKind::infinite:
        case FlawKind::disagrees:
        case FlawKind::told:
        case FlawKind::hopeless:
            return look();
        case FlawKind::stale:
            // Ids know nothing of the set-up script: what is done would be taken over as it is.
            return flaw.cause == "config differs" ? "xorch submit FILE.toml --fresh"
                                                  : "xorch submit FILE.toml";
        case FlawKind::check:
        case FlawKind::unchecked:
            return "mend the cause, then: xorch submit FILE.toml";
    }
    return "";
}

std::vector<std::string> audit_lines(
    const Plan& plan, const std::vector<StageAudit>& audits, const AuditPage& page
) {
    std::vector<std::string> lines;
    for (const StageAudit& audit : audits) {
        const std::string name = escape_for_terminal(audit.name);
        if (!audit.is_expanded) {
            lines.push_back(name + ": a selection has not decided yet which units there are");
            continue;
        }
        const bool is_whole = audit.done + audit.hopeless == audit.expected;
        const char* const verdict = is_whole ? "; complete and NOT SOUND" : "; INCOMPLETE";
        lines.push_back(fmt::format(
            "{}: {} expected, {} done, {} sound{}{}",
            name,
            format_count(audit.expected),
            format_count(audit.done),
            format_count(audit.sound),
            audit.hopeless > 0 ? fmt::format(", {} hopeless", format_count(audit.hopeless)) : "",
            audit.holds() ? "" : verdict
        ));
        add_axes(audit, lines);
        for (const FlawGroup& group : group_flaws(audit.flaws)) {
            add_group(plan, audit, group, page, lines);
        }
    }
    return lines;
}

Value audit_json(
    const Plan& plan, const std::vector<StageAudit>& audits, const std::string& argument
) {
    Array stages;
    bool holds = true;
    for (const StageAudit& audit : audits) {
        Array axes;
        for (const AxisAudit& axis : audit.axes) {
            axes.push_back(axis_json(axis));
        }
        Array flaws;
        for (const Flaw& flaw : audit.flaws) {
            flaws.push_back(flaw_json(plan, audit, flaw, argument));
        }
        holds = holds && audit.holds();
        Object stage{
            {"stage",                      audit.name                                      },
            {                                                                              "holds",               audit.holds()                                                },
            {                                                                     "expected",                            std::int64_t{audit.expected}                                                                      },
            {                                 "done",                      std::int64_t{audit.done}                                            },
            {                                                                                                                          "sound", std::int64_t{audit.sound}},
            { "columns",                             Array(audit.columns.begin(),                                                                              audit.columns.end())}
        };
        stage.emplace_back("hopeless", std::int64_t{audit.hopeless});
        stage.emplace_back("axes", std::move(axes));
        stage.emplace_back("flaws", std::move(flaws));
        stages.emplace_back(std::move(stage));
    }
    return Object{
        {"holds",  holds            },
        {"stages", std::move(stages)}
    };
}

}  // namespace xorch
