#include <fmt/format.h>

#include "coordinator/report/status_reader.h"
#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct ListOptions {
    bool json = false;
};

// A sweep that cannot be read is listed too: it is the one that somebody looks for.
struct Listed {
    FoundSweep sweep;
    Result<SweepStatus> status;
};

std::string phase_text(const Listed& listed) {
    return listed.status ? std::string(sweep_phase_name(listed.status->phase)) : "unreadable";
}

void print_json(const std::vector<Listed>& sweeps) {
    Array array;
    for (const Listed& listed : sweeps) {
        Object object;
        object.emplace_back("name", listed.sweep.name.name);
        object.emplace_back("stamp", listed.sweep.name.stamp);
        object.emplace_back("directory", listed.sweep.layout.root);
        object.emplace_back("phase", phase_text(listed));
        if (listed.status) {
            const auto count = [&](UnitPhase phase) {
                return static_cast<std::int64_t>(listed.status->units(phase));
            };
            object.emplace_back("done", count(UnitPhase::done));
            object.emplace_back("failed", count(UnitPhase::failed));
            object.emplace_back("total", static_cast<std::int64_t>(listed.status->total()));
            object.emplace_back("at_unix_ms", std::int64_t{listed.status->at_unix.count()});
        }
        array.emplace_back(std::move(object));
    }
    fmt::print("{}\n", format_json_pretty(Value(std::move(array))));
}

std::vector<std::string> row_of(const Listed& listed, Millis now) {
    const SweepDirectoryName& name = listed.sweep.name;
    std::vector<std::string> row{name.name, name.stamp, phase_text(listed)};
    if (listed.status) {
        const SweepStatus& status = *listed.status;
        row.push_back(fmt::format("{}/{}", status.units(UnitPhase::done), status.total()));
        row.push_back(std::to_string(status.units(UnitPhase::failed)));
        row.push_back(status.at_unix.count() == 0 ? "" : spell_duration(now - status.at_unix));
    } else {
        row.insert(row.end(), {"", "", ""});
    }
    row.push_back(listed.sweep.layout.root);
    return row;
}

Result<ExitCode> list(const Context& context, const ListOptions& options) {
    PosixDisk disk;
    const Millis now = read_clocks().unix;
    std::vector<Listed> sweeps;
    for (FoundSweep& sweep : list_sweeps(context.home)) {
        auto status = read_status(disk, sweep.layout, now);
        sweeps.push_back({std::move(sweep), std::move(status)});
    }
    if (options.json) {
        print_json(sweeps);
        return ExitCode::complete;
    }
    const std::vector<std::string> head{
        "name", "stamp", "state", "done", "failed", "age", "directory"};
    if (!context.terminal.is_terminal) {
        fmt::print("{}\n", fmt::join(head, "\t"));
        for (const Listed& listed : sweeps) {
            std::vector<std::string> cells;
            for (const std::string& cell : row_of(listed, now)) {
                cells.push_back(escape_tsv(cell));
            }
            fmt::print("{}\n", fmt::join(cells, "\t"));
        }
        return ExitCode::complete;
    }
    if (sweeps.empty()) {
        fmt::print("there is no sweep in {}; `xorch init` begins one\n", context.home);
        return ExitCode::complete;
    }
    TextTable table(
        {Align::left,
         Align::left,
         Align::left,
         Align::right,
         Align::right,
         Align::right,
         Align::left}
    );
    table.add(head);
    for (const Listed& listed : sweeps) {
        std::vector<std::string> cells;
        for (const std::string& cell : row_of(listed, now)) {
            cells.push_back(escape_for_terminal(cell));
        }
        table.add(std::move(cells));
    }
    print_lines(table.lines());
    return ExitCode::complete;
}

}  // namespace

void add_list(CLI::App& app, Context& context) {
    auto& options = context.keep<ListOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "list",
         .group = VerbGroup::read,
         .purpose = "All sweeps in $XORCH_HOME, newest first",
         .example = "XORCH_HOME=~/sweeps xorch list"},
        [&context, &options] { return list(context, options); }
    );
    add_json_flag(verb, options.json);
}

}  // namespace xorch
