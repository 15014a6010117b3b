#include "coordinator/report/compare/side.h"

#include <fmt/format.h>

#include "coordinator/report/completeness.h"
#include "coordinator/report/tables/unit_results.h"
#include "core/record.h"

namespace xorch {

namespace {

// What explains a difference besides parameters. Paths may differ where contents do not.
Object context_of(const Stage& stage) {
    Object context{
        {"job", stage.job}
    };
    if (stage.job_version != 1)
        context.emplace_back("job version", std::int64_t{stage.job_version});
    if (!stage.code_hash.empty()) context.emplace_back("code", stage.code_hash);
    for (const auto& [parameter, by_path] : stage.path_hashes) {
        std::string hashes;
        for (const auto& [path, hash] : by_path)
            hashes += (hashes.empty() ? "" : " ") + hash;
        context.emplace_back("contents of " + parameter, hashes);
    }
    return context;
}

}  // namespace

Result<ComparedSide> read_side(const SweepReader& sweep, StageIndex stage) {
    const Plan& plan = sweep.plan();
    ComparedSide side{.name = plan.sweep().name, .axes = plan.axis_names(stage)};
    side.context = context_of(plan.stage(stage));
    for (const Stage& each : plan.sweep().stages) {
        for (const auto& [parameter, by_path] : each.path_hashes)
            side.contents.insert(by_path.begin(), by_path.end());
    }
    const auto completeness = completeness_of(sweep, stage);
    if (!completeness) return tl::unexpected(completeness.error());
    side.incompleteness = describe_completeness(*completeness);
    UnitResults results(sweep, stage);
    const auto visited = results.visit([&](UnitKey key, const UnitResult& result) -> Result<void> {
        ComparedUnit unit{.name = fmt::format("{}/{}", plan.stage(stage).name, key.index)};
        unit.params = plan.parameters(key);
        unit.is_done = sweep.state().unit(key).phase == UnitPhase::done;
        if (unit.is_done) {
            auto rows = parse_rows(result.end.rows);
            if (!rows) return fail_with_context(rows.error(), "reading records from the journal");
            if (!rows->empty()) unit.metrics = std::move(rows->back());
        }
        side.units.push_back(std::move(unit));
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    return side;
}

}  // namespace xorch
