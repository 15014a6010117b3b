#include "tools/cli/doctor/judge/site_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/text.h"
#include "core/json.h"

namespace xorch {

namespace {

// Narrower text is no easier to read.
constexpr std::size_t text_width_min = 30;
constexpr std::size_t state_width = 7;  // "problem", "unknown"
constexpr std::string_view arrow = "-> ";

std::string_view title_of(std::string_view where) {
    if (where == "here") return "This machine";
    if (where == "slurm") return "Slurm";
    return "A compute node";
}

std::string painted_state(FindingState state, bool colour) {
    std::string text = fmt::format("{:<{}}", state_name(state), state_width);
    if (!colour) return text;
    switch (state) {
        case FindingState::ok:
            return "\x1b[32m" + text + "\x1b[0m";
        case FindingState::note:
            return "\x1b[33m" + text + "\x1b[0m";
        case FindingState::problem:
            return "\x1b[31m" + text + "\x1b[0m";
        case FindingState::unknown:
            break;
    }
    return text;
}

// Broken at blanks, where there are any.
std::vector<std::string> break_lines(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (display_width(text) > width) {
        const std::size_t blank = text.substr(0, width + 1).rfind(' ');
        const std::size_t end = blank == std::string_view::npos || blank == 0
                                    ? std::min(text.find(' ', 1), text.size())
                                    : blank;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!text.empty() || lines.empty()) lines.emplace_back(text);
    return lines;
}

class ReportText {
 public:
    ReportText(const std::vector<SiteFinding>& findings, ReportStyle style) : style_(style) {
        for (const SiteFinding& finding : findings)
            name_width_ = std::max(name_width_, finding.name.size());
    }

    void add(const SiteFinding& finding) {
        if (finding.where != where_) {
            if (!where_.empty()) text_ += '\n';
            where_ = finding.where;
            text_ += fmt::format("{}\n", title_of(where_));
        }
        const std::string head = fmt::format(
            "  {}  {:<{}}  ", painted_state(finding.state, style_.colour), finding.name, name_width_
        );
        add_lines(head, std::string(indent(), ' '), finding.seen);
        if (finding.action.empty()) return;
        const std::string margin(indent(), ' ');
        add_lines(
            margin + std::string(arrow), margin + std::string(arrow.size(), ' '), finding.action
        );
    }

    std::string take() { return std::move(text_); }

 private:
    std::size_t indent() const { return 2 + state_width + 2 + name_width_ + 2; }

    void add_lines(const std::string& first, const std::string& rest, const std::string& what) {
        const std::string text = escape_for_terminal(what);
        const std::size_t used = std::min(rest.size(), style_.width);
        const std::size_t width = style_.width == 0 ? std::string::npos - 1
                                                    : std::max(style_.width - used, text_width_min);
        bool is_first = true;
        for (const std::string& line : break_lines(text, width)) {
            text_ += fmt::format("{}{}\n", is_first ? first : rest, line);
            is_first = false;
        }
    }

    ReportStyle style_;
    std::size_t name_width_ = 0;
    std::string where_;
    std::string text_;
};

}  // namespace

std::string format_site_report(const std::vector<SiteFinding>& findings, ReportStyle style) {
    ReportText text(findings, style);
    for (const SiteFinding& finding : findings)
        text.add(finding);
    const auto problems = problems_of(findings);
    const std::string end = problems.empty()
                                ? "nothing found prevents a sweep"
                                : fmt::format("prevents a sweep: {}", fmt::join(problems, ", "));
    return text.take() + "\n" + end + "\n";
}

std::string format_site_json(const std::vector<SiteFinding>& findings) {
    Array problems;
    for (std::string& problem : problems_of(findings))
        problems.emplace_back(std::move(problem));
    Array list;
    for (const SiteFinding& each : findings) {
        list.emplace_back(Object{
            {"where",  each.where            },
            {"name",   each.name             },
            {"state",  state_name(each.state)},
            {"seen",   each.seen             },
            {"action", each.action           }
        });
    }
    return format_json_pretty(Object{
        {"problems", std::move(problems)},
        {"findings", std::move(list)    }
    });
}

std::vector<std::string> problems_of(const std::vector<SiteFinding>& findings) {
    std::vector<std::string> problems;
    for (const SiteFinding& finding : findings) {
        if (finding.state != FindingState::problem) continue;
        problems.push_back(finding.where + " " + finding.name);
    }
    return problems;
}

}  // namespace xorch
