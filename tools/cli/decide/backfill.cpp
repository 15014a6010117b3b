#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "coordinator/report/audit/audit.h"
#include "coordinator/report/audit/audit_text.h"
#include "coordinator/report/tables/unit_results.h"
#include "coordinator/report/text.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/decide/lost_inputs.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/run/asking.h"
#include "tools/cli/run/go_on.h"
#include "tools/cli/run/login_node.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

// Of rows in one request; the coordinator's inbox takes files up to 1 MiB, with every quote escaped
// twice on the way.
constexpr std::size_t request_rows_max = 200U << 10U;

struct BackfillOptions {
    std::string sweep;
    bool dry_run = false;
    bool detach = false;
    bool here = false;
};

// What an audit found that running units mends.
struct Gaps {
    std::set<UnitKey> incomplete;  // done, and their records lack something
    std::set<UnitKey> failed;      // failed or cancelled
    std::set<UnitKey> open;        // run anyway, as soon as the sweep goes on
    std::set<UnitKey> lost;        // done and sound, but the others need artifacts of theirs

    std::size_t size() const { return incomplete.size() + failed.size() + open.size(); }
};

Gaps find_gaps(const SweepReader& sweep, const std::vector<StageAudit>& audits) {
    const State& state = sweep.state();
    Gaps gaps;
    for (const StageAudit& audit : audits) {
        for (const Flaw& flaw : audit.flaws) {
            const UnitState& unit = state.unit(flaw.unit);
            // Another try changes nothing about what was chosen.
            if (!is_filled_by_running(flaw.kind) || unit.cause == Cause::gate_not_met) continue;
            if (unit.phase == UnitPhase::done) {
                gaps.incomplete.insert(flaw.unit);
            } else if (is_final(unit.phase)) {
                gaps.failed.insert(flaw.unit);
            } else {
                gaps.open.insert(flaw.unit);
            }
        }
    }
    std::set<UnitKey> all = gaps.incomplete;
    all.insert(gaps.failed.begin(), gaps.failed.end());
    all.insert(gaps.open.begin(), gaps.open.end());
    gaps.lost = find_lost_inputs(sweep, all);
    std::erase_if(gaps.lost, [&](UnitKey unit) { return gaps.incomplete.contains(unit); });
    return gaps;
}

// The requests that open the units again, each with the rows that are to stand.
Result<std::vector<std::string>> spell_reopening(
    const SweepReader& sweep, const std::set<UnitKey>& units
) {
    std::vector<std::string> requests;
    Array entries;
    std::size_t bytes = 0;
    const auto finish = [&] {
        if (entries.empty()) return;
        requests.push_back(format_json(Object{
            {"units", std::exchange(entries, {})}
        }));
        bytes = 0;
    };
    for (std::uint32_t i = 0; i < sweep.plan().stage_count(); ++i) {
        UnitResults results(sweep, StageIndex{i});
        const auto visited = results.visit([&](UnitKey unit, const UnitResult& result) {
            if (!units.contains(unit)) return Result<void>();
            bytes += result.end.rows.size();
            entries.emplace_back(Object{
                {"stage", sweep.plan().stage(unit.stage).name},
                {"index", std::int64_t{unit.index}           },
                {"rows",  result.end.rows                    }
            });
            if (bytes > request_rows_max) finish();
            return Result<void>();
        });
        if (!visited) return tl::unexpected(visited.error());
    }
    finish();
    return requests;
}

std::string spell_retry(const Plan& plan, const std::set<UnitKey>& units) {
    Array ranges;
    for (const UnitKey unit : units) {
        ranges.emplace_back(Object{
            {"stage", plan.stage(unit.stage).name},
            {"first", std::int64_t{unit.index}   },
            {"count", 1                          }
        });
    }
    return format_json(Object{
        {"ranges", std::move(ranges)}
    });
}

// True if somebody reigns, who goes on with it.
Result<bool> ask_for(const OpenedSweep& opened, const SweepReader& sweep, const Gaps& gaps) {
    std::set<UnitKey> reopened = gaps.incomplete;
    reopened.insert(gaps.lost.begin(), gaps.lost.end());
    auto requests = spell_reopening(sweep, reopened);
    if (!requests) return tl::unexpected(requests.error());
    std::vector<SweepRequest> asked;
    for (std::string& arguments : *requests)
        asked.push_back({.verb = "reopen", .arguments = std::move(arguments)});
    if (!gaps.failed.empty()) {
        asked.push_back({.verb = "retry", .arguments = spell_retry(sweep.plan(), gaps.failed)});
    }
    bool somebody_reigns = false;
    for (const SweepRequest& request : asked) {
        const auto answered = ask_or_do(opened, request);
        if (!answered) return tl::unexpected(answered.error());
        if (!answered->reply.ok) return fail(ErrorCode::conflict, answered->reply.text);
        somebody_reigns = answered->somebody_reigns;
    }
    return somebody_reigns;
}

void say_gaps(const Gaps& gaps, std::size_t units) {
    fmt::print(
        "{} of {}: {} with records that lack something, {} failed or cancelled, {} never "
        "finished\n",
        format_count(gaps.size()),
        count_of(units, "unit"),
        format_count(gaps.incomplete.size()),
        format_count(gaps.failed.size()),
        format_count(gaps.open.size())
    );
    if (gaps.lost.empty()) return;
    fmt::print(
        "first, once more: {} whose artifacts they need and that are gone or changed\n",
        count_of(gaps.lost.size(), "unit")
    );
}

// What is left, and whether there is anything.
Result<ExitCode> audit_again(const SweepLayout& layout, const std::string& argument) {
    PosixDisk disk;
    const auto sweep = SweepReader::open(disk, layout);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto audits = audit_sweep(*sweep);
    if (!audits) return tl::unexpected(audits.error());
    print_lines(audit_lines(sweep->plan(), *audits, {.argument = argument}));
    const bool holds = std::all_of(audits->begin(), audits->end(), std::mem_fn(&StageAudit::holds));
    return holds ? ExitCode::complete : ExitCode::incomplete;
}

Result<ExitCode> backfill(const Context& context, const BackfillOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    const auto opened = open_sweep(*layout);
    if (!opened) return tl::unexpected(opened.error());
    PosixDisk disk;
    const auto sweep = SweepReader::open(disk, *layout);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto audits = audit_sweep(*sweep);
    if (!audits) return tl::unexpected(audits.error());
    const Gaps gaps = find_gaps(*sweep, *audits);
    std::size_t units = 0;
    for (const StageAudit& audit : *audits)
        units += audit.expected;
    say_gaps(gaps, units);
    if (options.dry_run || gaps.size() == 0) return audit_again(*layout, options.sweep);
    if (!options.here && opened->sweep.backend == BackendKind::local) {
        if (auto allowed = refuse_login_node(); !allowed) return tl::unexpected(allowed.error());
    }
    const auto somebody_reigns = ask_for(*opened, *sweep, gaps);
    if (!somebody_reigns) return tl::unexpected(somebody_reigns.error());
    if (*somebody_reigns) {
        fmt::print("next: xorch watch {}\n", quote_for_shell(layout->root));
        return ExitCode::incomplete;
    }
    const auto ended = go_on(context, *opened, {.detach = options.detach});
    const bool waits = options.detach || opened->sweep.backend == BackendKind::slurm;
    if (!ended || waits) return ended;
    const auto rest = audit_again(*layout, options.sweep);
    // How the run ended says more than that something is left.
    return rest && *rest == ExitCode::incomplete && *ended != ExitCode::complete ? ended : rest;
}

}  // namespace

void add_backfill(CLI::App& app, Context& context) {
    auto& options = context.keep<BackfillOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "backfill",
         .group = VerbGroup::decide,
         .purpose = "Run exactly the units whose results are missing or lack something",
         .example = "xorch backfill budget_curve\n  xorch backfill --dry-run"},
        [&context, &options] { return backfill(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.flag("--dry-run", options.dry_run, "Only say what would run");
    verb.flag("--detach", options.detach, "Return at once; the sweep runs in the background");
    verb.flag("--here", options.here, "Run on this machine although it belongs to a Slurm cluster");
}

}  // namespace xorch
