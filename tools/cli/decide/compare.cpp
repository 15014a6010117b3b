#include <fmt/format.h>

#include "coordinator/report/compare/comparison_text.h"
#include "coordinator/report/compare/side.h"
#include "coordinator/report/tables/record_sink.h"
#include "coordinator/report/tables/summary.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct CompareOptions {
    std::string a;
    std::string b;
    std::string stage;
    std::string stage_b;
    std::vector<std::string> metrics;
    std::vector<std::string> by;
    std::vector<std::string> ids;
    std::string format;
    std::uint64_t seed = 0;
    bool json = false;
};

// "ap50", "ap50:max", or "ap50:max:0.01".
Result<MetricQuestion> parse_question(const std::string& text) {
    const std::size_t first = text.find(':');
    MetricQuestion question{.metric = text.substr(0, first)};
    const auto wrong = [&] {
        return fail(
            ErrorCode::usage,
            fmt::format(
                "--metric {}: write METRIC, METRIC:min or METRIC:max, or METRIC:max:LOSS where B "
                "may be worse by LOSS",
                text
            )
        );
    };
    if (question.metric.empty()) return wrong();
    if (first == std::string::npos) return question;
    const std::string rest = text.substr(first + 1);
    const std::size_t second = rest.find(':');
    const std::string mode = rest.substr(0, second);
    if (mode != "min" && mode != "max") return wrong();
    question.minimise = mode == "min";
    if (second == std::string::npos) return question;
    const std::string loss = rest.substr(second + 1);
    char* end = nullptr;
    question.allowed_loss = std::strtod(loss.c_str(), &end);
    if (end == loss.c_str() || *end != '\0' || !(*question.allowed_loss >= 0)) return wrong();
    return question;
}

Result<ComparedSide> open_side(
    Disk& disk, const Context& context, const std::string& name, const std::string& stage_name
) {
    const auto sweep = open_named_sweep(disk, context, name);
    if (!sweep) return tl::unexpected(sweep.error());
    if (stage_name.empty()) return read_side(*sweep, summary_stage(sweep->plan()));
    const auto stage = find_stage(sweep->plan().sweep(), stage_name);
    if (!stage) {
        return fail(ErrorCode::usage, fmt::format("{} has no stage {}", name, stage_name));
    }
    return read_side(*sweep, StageIndex{*stage});
}

Result<void> print_table(const SweepComparison& comparison, RecordFormat format) {
    const auto sink = make_record_sink(format, print_bytes);
    if (auto begun = sink->begin(comparison_columns()); !begun) return begun;
    for (const std::vector<Value>& row : comparison_rows(comparison)) {
        if (auto added = sink->add(row); !added) return added;
    }
    if (auto ended = sink->end(); !ended) return ended;
    if (format != RecordFormat::md) return {};
    // A report wants the rest, too; in tables for programs it would be no row.
    std::string notes = "\n";
    for (const std::string& note : comparison_notes(comparison))
        notes += "- " + note + "\n";
    return print_bytes(notes);
}

Result<void> print_comparison(
    const Context& context, const SweepComparison& comparison, const CompareOptions& options
) {
    if (options.json || options.format == "json") {
        return print_bytes(format_json_pretty(comparison_json(comparison)) + "\n");
    }
    if (options.format.empty() && context.terminal.is_terminal) {
        print_lines(comparison_lines(comparison));
        return {};
    }
    const auto format = parse_record_format(options.format.empty() ? "tsv" : options.format);
    if (!format) {
        return fail(
            ErrorCode::usage,
            fmt::format(
                "there is no format {}; there are tsv csv jsonl json md text", options.format
            )
        );
    }
    if (*format == RecordFormat::text) {
        print_lines(comparison_lines(comparison));
        return {};
    }
    return print_table(comparison, *format);
}

Result<ExitCode> compare_sweeps(const Context& context, const CompareOptions& options) {
    CompareQuestion question{.by = options.by, .ids = options.ids, .seed = options.seed};
    bool states_regression = false;
    for (const std::string& text : options.metrics) {
        auto metric = parse_question(text);
        if (!metric) return tl::unexpected(metric.error());
        states_regression = states_regression || metric->allowed_loss.has_value();
        question.metrics.push_back(*std::move(metric));
    }
    PosixDisk disk;
    const auto a = open_side(disk, context, options.a, options.stage);
    if (!a) return tl::unexpected(a.error());
    const std::string& stage_b = options.stage_b.empty() ? options.stage : options.stage_b;
    const auto b = open_side(disk, context, options.b, stage_b);
    if (!b) return tl::unexpected(b.error());
    const auto comparison = compare_sides(*a, *b, question);
    if (!comparison) return tl::unexpected(comparison.error());
    if (auto printed = print_comparison(context, *comparison, options); !printed) {
        return tl::unexpected(printed.error());
    }
    if (comparison->has_regression()) return ExitCode::gate_not_met;
    // No regression was seen, but not all was looked at.
    const bool is_unsure = states_regression && !comparison->is_complete();
    return is_unsure ? ExitCode::incomplete : ExitCode::complete;
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
    auto& options = context.keep<CompareOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "compare",
         .group = VerbGroup::decide,
         .purpose = "Two sweeps unit by unit: A is the baseline; exit 5 past a stated regression",
         .example = "xorch compare budget_curve budget_curve --metric ap50:max:0.01 --by budget\n"
                    "  xorch compare old new --ids failed_ids --format md"},
        [&context, &options] { return compare_sweeps(context, options); }
    );
    verb.option("a", options.a, "The baseline: a sweep's directory or name")
        .required()
        .type_name("A");
    verb.option("b", options.b, "What is compared with it").required().type_name("B");
    verb.option("--stage", options.stage, "Stage; default: that of the summary").type_name("NAME");
    verb.option("--stage-b", options.stage_b, "Stage of B, if it is called otherwise")
        .type_name("NAME");
    verb.option(
            "--metric",
            options.metrics,
            "Which metrics (default: all), which end is better, and how much worse B may be"
    )
        .one_each()
        .type_name("METRIC[:min|max[:LOSS]]");
    verb.option("--by", options.by, "Axes whose values make groups beside all pairs")
        .separated_by(',')
        .one_each()
        .type_name("A,B,...");
    verb.option("--ids", options.ids, "Columns that hold lists of ids, such as failed samples")
        .separated_by(',')
        .one_each()
        .type_name("A,B,...");
    verb.option(
            "--format", options.format, "tsv csv jsonl json md text; default: text on a terminal"
    )
        .type_name("FORMAT");
    verb.option("--seed", options.seed, "Of the bootstrap").type_name("N");
    add_json_flag(verb, options.json);
}

}  // namespace xorch
