#include "coordinator/report/audit/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/audit/audit_text.h"
#include "coordinator/report/audit/sources.h"
#include "coordinator/report/text.h"
#include "core/check.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct AuditOptions {
    std::string sweep;
    std::string stage;
    std::uint32_t units = 5;
    bool no_sources = false;
    bool checks = false;
    bool json = false;
};

std::string_view kind_in_words(CheckKind kind) {
    switch (kind) {
        case CheckKind::reported:
            return "reported by the job in its column \"checks\"";
        case CheckKind::equal:
            return "equal columns along an axis";
        case CheckKind::range:
            return "a column out of its range";
        case CheckKind::present:
            return "a missing column";
        case CheckKind::group_empty:
            return "a value of an axis without results";
    }
    return "?";
}

void print_checks(bool json) {
    if (!json) {
        TextTable table({Align::left, Align::left, Align::left});
        table.add({"check", "found by", "what does not hold then"});
        for (const CheckRule& rule : check_rules()) {
            table.add(
                {std::string(rule.name),
                 std::string(kind_in_words(rule.kind)),
                 std::string(rule.doc)}
            );
        }
        print_lines(table.lines());
        return;
    }
    Array checks;
    for (const CheckRule& rule : check_rules()) {
        checks.emplace_back(Object{
            {"name",   rule.name               },
            {"found",  kind_in_words(rule.kind)},
            {"axis",   rule.axis               },
            {"column", rule.column             },
            {"doc",    rule.doc                }
        });
    }
    fmt::print("{}\n", format_json_pretty(Value(std::move(checks))));
}

Result<std::vector<StageAudit>> audit_asked(const SweepReader& sweep, const AuditOptions& options) {
    auto audits = audit_sweep(sweep);
    if (!audits) return audits;
    if (!options.stage.empty()) {
        if (!find_stage(sweep.plan().sweep(), options.stage)) {
            return fail(ErrorCode::usage, "there is no stage " + options.stage);
        }
        std::erase_if(*audits, [&](const StageAudit& each) { return each.name != options.stage; });
    }
    if (options.no_sources) return audits;
    for (StageAudit& audit : *audits) {
        add_stale(sweep, audit);
    }
    return audits;
}

Result<ExitCode> audit(const Context& context, const AuditOptions& options) {
    if (options.checks) {
        print_checks(options.json);
        return ExitCode::complete;
    }
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto audits = audit_asked(*sweep, options);
    if (!audits) return tl::unexpected(audits.error());
    if (options.json) {
        fmt::print("{}\n", format_json_pretty(audit_json(sweep->plan(), *audits, options.sweep)));
    } else {
        const AuditPage page{.argument = options.sweep, .units = options.units};
        print_lines(audit_lines(sweep->plan(), *audits, page));
    }
    const bool holds = std::all_of(audits->begin(), audits->end(), std::mem_fn(&StageAudit::holds));
    return holds ? ExitCode::complete : ExitCode::incomplete;
}

}  // namespace

void add_audit(CLI::App& app, Context& context) {
    auto& options = context.keep<AuditOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "audit",
         .group = VerbGroup::decide,
         .purpose = "What is missing or wrong in the results, why, and the command that mends it",
         .example = "xorch audit budget_curve\n  xorch audit --checks"},
        [&context, &options] { return audit(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.option("--stage", options.stage, "Only this stage").type_name("NAME");
    verb.option("--units", options.units, "How many units to name per finding; 0 = all")
        .show_default();
    verb.flag(
        "--no-sources", options.no_sources, "Do not read code and data again to see if they changed"
    );
    verb.flag("--checks", options.checks, "List the named checks that a sweep can declare");
    add_json_flag(verb, options.json);
}

}  // namespace xorch
