#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "coordinator/report/tables/equal_records.h"
#include "coordinator/report/tables/record_sink.h"
#include "coordinator/report/tables/row_filter.h"
#include "coordinator/report/tables/row_order.h"
#include "coordinator/report/tables/sqlite_sink.h"
#include "coordinator/report/tables/summary.h"
#include "coordinator/report/text.h"
#include "coordinator/report/unit_finder.h"
#include "core/io/posix_disk.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct RecordsOptions {
    std::vector<std::string> words;  // a sweep and filters, in any order
    std::string stage;
    std::string format;
    std::vector<std::string> columns;
    std::vector<std::string> units;
    std::string sort_by;
    std::uint64_t top = 0;  // 0 = all
    bool last = false;
    std::string output;
    std::string equal;
    bool json = false;
};

// The words of the command line, told apart: a filter has a comparison sign.
struct Asked {
    std::string sweep;
    std::vector<RowFilter> filters;
};

Result<Asked> read_words(const std::vector<std::string>& words) {
    Asked asked;
    for (const std::string& word : words) {
        if (word.find_first_of("<>=") != std::string::npos) {
            auto filter = parse_row_filter(word);
            if (!filter) return tl::unexpected(filter.error());
            asked.filters.push_back(*std::move(filter));
        } else if (asked.sweep.empty()) {
            asked.sweep = word;
        } else {
            return fail(ErrorCode::usage, fmt::format("two sweeps: {} and {}", asked.sweep, word));
        }
    }
    return asked;
}

Result<ExitCode> compare(
    const Context& context, const std::string& sweep, const std::string& other
) {
    PosixDisk disk;
    const auto ours = open_named_sweep(disk, context, sweep);
    if (!ours) return tl::unexpected(ours.error());
    const auto theirs = open_named_sweep(disk, context, other);
    if (!theirs) return tl::unexpected(theirs.error());
    const auto difference = first_difference(*ours, *theirs);
    if (!difference) return tl::unexpected(difference.error());
    if (!*difference) return ExitCode::complete;
    fmt::print("{}\n", **difference);
    return ExitCode::gate_not_met;
}

Result<StageIndex> choose_stage(const Plan& plan, const std::string& name) {
    if (name.empty()) return summary_stage(plan);
    if (const auto found = find_stage(plan.sweep(), name)) return StageIndex{*found};
    std::vector<std::string> names;
    for (const Stage& stage : plan.sweep().stages) {
        names.push_back(stage.name);
    }
    return fail(
        ErrorCode::usage,
        fmt::format("there is no stage {}; there are {}", name, fmt::join(names, ", "))
    );
}

// On a terminal, provenance would push the results out of sight; --columns shows it.
std::vector<std::string> terminal_columns(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    for (const Column& column : columns) {
        if (column.kind != ColumnKind::provenance || column.name == "status") {
            names.push_back(column.name);
        }
    }
    return names;
}

// Also a format for programs may end on a terminal, which must not be steered by it.
Result<void> print_escaped(std::string_view bytes) {
    return print_bytes(escape_for_terminal(bytes, Newlines::keep));
}

// Where rows go: standard output (through `print`), a file, or a database.
Result<std::unique_ptr<RecordSink>> open_sink(
    Disk& disk,
    const std::string& format,
    const std::string& path,
    std::unique_ptr<AppendFile>& file,
    const ByteSink& print
) {
    if (format == "sqlite") {
        if (path.empty()) {
            return fail(ErrorCode::usage, "--format sqlite needs --output FILE");
        }
        return make_sqlite_sink(path, "records");
    }
    const auto known = parse_record_format(format);
    if (!known) {
        return fail(
            ErrorCode::usage,
            fmt::format("there is no format {}; there are tsv csv jsonl json md sqlite", format)
        );
    }
    if (path.empty()) return make_record_sink(*known, print);
    auto created = disk.create(path);
    if (!created) return fail_with_context(created.error(), "writing " + path);
    file = *std::move(created);
    return make_record_sink(*known, [&file](std::string_view bytes) {
        return file->append(bytes);
    });
}

// Which rows, and in which order.
struct RowChoice {
    RowSelection selection;
    std::set<UnitKey> units;  // empty = of all
    bool last = false;        // only each unit's last row
    std::optional<RowOrder> order;
    std::size_t top = 0;

    bool wants(const TableRow& row) const {
        if (last && !row.is_last) return false;
        if (!units.empty() && !units.contains(row.unit)) return false;
        return selection.wants(row.cells);
    }
};

Result<RowChoice> choose_rows(
    const SweepReader& sweep,
    const std::vector<Column>& columns,
    const RecordsOptions& options,
    RowSelection selection
) {
    RowChoice choice{.selection = std::move(selection), .last = options.last};
    choice.top = static_cast<std::size_t>(options.top);
    if (!options.units.empty()) {
        const auto units = find_units(sweep.plan(), options.units);
        if (!units) return tl::unexpected(units.error());
        choice.units.insert(units->begin(), units->end());
    }
    if (!options.sort_by.empty()) {
        const auto order = parse_row_order(columns, options.sort_by);
        if (!order) return tl::unexpected(order.error());
        choice.order = *order;
    }
    return choice;
}

Result<void> write_rows(RecordTable& table, const RowChoice& choice, RecordSink& sink) {
    const RowSelection& selection = choice.selection;
    if (auto begun = sink.begin(selection.columns(table.columns())); !begun) return begun;
    OrderedRows ordered(choice.order.value_or(RowOrder{}), choice.top);
    std::size_t written = 0;
    const auto visited = table.visit([&](const TableRow& row) -> Result<void> {
        if (!choice.wants(row)) return {};
        if (choice.order) {
            ordered.add(row.cells);
            return {};
        }
        if (choice.top > 0 && written++ >= choice.top) return {};
        if (selection.shows_all()) return sink.add(row.cells);
        return sink.add(selection.cells(row.cells));
    });
    if (!visited) return visited;
    for (const std::vector<Value>& cells : ordered.finish()) {
        if (auto added = sink.add(selection.cells(cells)); !added) return added;
    }
    return sink.end();
}

// The stage that --stage names, or that of the units that --unit names, or the summary's.
Result<StageIndex> stage_of(const Plan& plan, const RecordsOptions& options) {
    if (!options.stage.empty() || options.units.empty()) return choose_stage(plan, options.stage);
    const auto units = find_units(plan, options.units);
    if (!units) return tl::unexpected(units.error());
    return units->front().stage;
}

Result<ExitCode> print_records(const Context& context, const RecordsOptions& options) {
    const auto asked = read_words(options.words);
    if (!asked) return tl::unexpected(asked.error());
    if (!options.equal.empty()) return compare(context, asked->sweep, options.equal);
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, asked->sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto stage = stage_of(sweep->plan(), options);
    if (!stage) return tl::unexpected(stage.error());
    auto table = RecordTable::open(*sweep, *stage);
    if (!table) return tl::unexpected(table.error());

    const bool to_terminal = context.terminal.is_terminal && options.output.empty();
    std::string format = options.json ? "json" : options.format;
    if (format.empty()) format = to_terminal ? "text" : "tsv";
    std::vector<std::string> names = options.columns;
    if (names.empty() && format == "text") names = terminal_columns(table->columns());
    const auto selection = RowSelection::make(table->columns(), names, asked->filters);
    if (!selection) return tl::unexpected(selection.error());
    const auto choice = choose_rows(*sweep, table->columns(), options, *selection);
    if (!choice) return tl::unexpected(choice.error());

    std::unique_ptr<AppendFile> file;
    const auto print = to_terminal ? print_escaped : print_bytes;
    const auto sink = open_sink(disk, format, options.output, file, print);
    if (!sink) return tl::unexpected(sink.error());
    if (auto written = write_rows(*table, *choice, **sink); !written) {
        return tl::unexpected(written.error());
    }
    if (to_terminal) warn_if_incomplete(*sweep, *stage);
    return ExitCode::complete;
}

}  // namespace

void add_records(CLI::App& app, Context& context) {
    auto& options = context.keep<RecordsOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "records",
         .group = VerbGroup::read,
         .purpose = "The table of records of a stage, in plan order",
         .example =
             "xorch records\n  xorch records budget_curve 'ap50>=0.8' --columns budget,ap50\n"
             "  xorch records --sort-by ap50:desc --top 5\n"
             "  xorch records --unit train/3    # every row that it reported\n"
             "  xorch records --format sqlite --output results.db"},
        [&context, &options] { return print_records(context, options); }
    );
    verb.option(
            "words",
            options.words,
            "A sweep (none: the newest) and filters such as lr=0.1 'f1>=0.8'; f1= finds where it "
            "is "
            "missing, f1=nan where it is NaN"
    )
        .type_name("[SWEEP] [FILTER ...]");
    verb.option("--stage", options.stage, "Stage; default: that of the summary").type_name("NAME");
    verb.option(
            "--format",
            options.format,
            "tsv csv jsonl json md sqlite; default: a table on a terminal, else tsv"
    )
        .type_name("FORMAT");
    verb.option("--columns", options.columns, "Columns to show, in this order")
        .separated_by(',')
        .one_each()
        .type_name("A,B,...");
    verb.option("--unit", options.units, "Only rows of these units, as for `xorch why`")
        .one_each()
        .type_name("UNIT");
    verb.flag("--last", options.last, "Only the last row of each unit, which summaries read");
    verb.option(
            "--sort-by",
            options.sort_by,
            "Smallest first, or largest first with :desc; NaN and missing come last"
    )
        .type_name("COLUMN[:desc]");
    verb.option("--top", options.top, "Only the first so many rows").type_name("N");
    verb.option("--output,-o", options.output, "A new file to write to").type_name("FILE");
    add_json_flag(verb, options.json);
    // For tests: exit 5 and the first difference unless all columns but provenance are equal.
    verb.option("--equal", options.equal).hidden();
}

}  // namespace xorch
