#include "coordinator/report/audit/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "coordinator/report/audit/last_rows.h"
#include "coordinator/report/audit/missing.h"
#include "coordinator/report/audit/record_checks.h"
#include "coordinator/report/text.h"
#include "core/json.h"

namespace xorch {

namespace {

bool is_flaw(const Flaw& flaw) {
    return wants_mending(flaw.kind);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What most units have, the others should have, too.
std::vector<std::string> expected_columns(const Stage& stage, const LastRows& rows) {
    std::vector<std::string> columns = stage.records.required;
    for (const auto& [name, units] : rows.column_counts()) {
        const bool usual = std::uint64_t{units} * 2 > rows.done();
        if (usual && !contains(stage.records.optional, name) && !contains(columns, name)) {
            columns.push_back(name);
        }
    }
    return columns;
}

void add_column_flaws(
    const std::vector<std::string>& expected, const LastRows& rows, std::vector<Flaw>& flaws
) {
    // Few sets of columns occur, however many units there are.
    std::vector<std::string> lacking;
    for (const std::vector<std::string>& present : rows.column_sets()) {
        std::vector<std::string> names;
        for (const std::string& name : expected) {
            if (!std::binary_search(present.begin(), present.end(), name)) names.push_back(name);
        }
        lacking.push_back(fmt::format("{}", fmt::join(names, ", ")));
    }
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        const std::string& names = lacking[row.column_set];
        if (!names.empty()) {
            flaws.push_back({FlawKind::column_missing, unit, "column missing", names});
        }
    });
}

void add_value_flaws(const Stage& stage, const LastRows& rows, std::vector<Flaw>& flaws) {
    const auto add = [&](UnitKey unit, FlawKind kind, const std::vector<std::string>& columns) {
        std::vector<std::string> names;
        for (const std::string& column : columns) {
            if (!contains(stage.records.optional, column)) names.push_back(column);
        }
        if (names.empty()) return;
        flaws.push_back(
            {kind, unit, std::string(flaw_name(kind)), fmt::format("{}", fmt::join(names, ", "))}
        );
    };
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        add(unit, FlawKind::not_a_number, row.nan);
        add(unit, FlawKind::infinite, row.infinite);
    });
}

// Results that reached the coordinator and did not count because the one that counts says something
// else.
Result<void> add_refused(const SweepReader& sweep, std::vector<StageAudit>& audits) {
    const auto visit = [&](const FactBatch& batch, FactLocation) -> Result<void> {
        for (const Fact& fact : batch.facts) {
            const auto* refused = std::get_if<ResultRefused>(&fact);
            if (refused == nullptr || !sweep.state().has_unit(refused->unit)) continue;
            if (sweep.state().unit(refused->unit).phase != UnitPhase::done) continue;
            audits[refused->unit.stage.value].flaws.push_back(
                {FlawKind::disagrees,
                 refused->unit,
                 "another run reported something else",
                 refused->reason}
            );
        }
        return {};
    };
    const auto end = replay_journal(sweep.disk(), sweep.layout().journal(), visit);
    return end ? Result<void>() : fail_with_context(end.error(), "reading the journal");
}

std::vector<AxisAudit> empty_axes(const Plan& plan, StageIndex stage) {
    std::vector<AxisAudit> axes;
    for (const std::string& name : plan.axis_names(stage)) {
        axes.push_back({.axis = name, .counts = {}});
    }
    return axes;
}

// Values in the order in which the plan brings them.
AxisCount& count_of_value(
    AxisAudit& axis, std::map<std::string, std::size_t>& places, const Value& value
) {
    const auto [place, is_new] = places.emplace(format_canonical_json(value), axis.counts.size());
    if (is_new) axis.counts.push_back({.value = value});
    return axis.counts[place->second];
}

}  // namespace

std::string_view flaw_name(FlawKind kind) {
    switch (kind) {
        case FlawKind::missing:
            return "missing";
        case FlawKind::torn:
            return "torn";
        case FlawKind::column_missing:
            return "column missing";
        case FlawKind::not_a_number:
            return "nan";
        case FlawKind::infinite:
            return "infinite";
        case FlawKind::duplicate:
            return "duplicate";
        case FlawKind::disagrees:
            return "disagrees";
        case FlawKind::stale:
            return "stale";
        case FlawKind::check:
            return "check";
        case FlawKind::unchecked:
            return "unchecked";
        case FlawKind::told:
            return "told";
        case FlawKind::hopeless:
            return "hopeless";
    }
    return "?";
}

bool wants_mending(FlawKind kind) {
    return kind != FlawKind::told && kind != FlawKind::hopeless;
}

bool is_filled_by_running(FlawKind kind) {
    return kind == FlawKind::missing || kind == FlawKind::torn ||
           kind == FlawKind::column_missing || kind == FlawKind::not_a_number ||
           kind == FlawKind::duplicate;
}

bool StageAudit::holds() const {
    return is_expanded && std::none_of(flaws.begin(), flaws.end(), is_flaw);
}

void settle_audit(const SweepReader& sweep, StageAudit& audit) {
    std::stable_sort(audit.flaws.begin(), audit.flaws.end(), [](const Flaw& a, const Flaw& b) {
        return a.unit < b.unit;
    });
    std::unordered_set<std::uint32_t> flawed;
    for (const Flaw& flaw : audit.flaws) {
        if (is_flaw(flaw)) flawed.insert(flaw.unit.index);
    }
    const Plan& plan = sweep.plan();
    audit.done = audit.sound = 0;
    audit.hopeless = sweep.state().stage(audit.stage).in(UnitPhase::hopeless);
    audit.axes = empty_axes(plan, audit.stage);
    std::vector<std::map<std::string, std::size_t>> places(audit.axes.size());
    for (std::uint32_t i = 0; i < audit.expected; ++i) {
        const UnitKey unit{audit.stage, i};
        const bool done = sweep.state().unit(unit).phase == UnitPhase::done;
        const bool sound = done && !flawed.contains(i);
        audit.done += done ? 1 : 0;
        audit.sound += sound ? 1 : 0;
        const Object values = plan.parameters(unit);
        for (std::size_t axis = 0; axis < audit.axes.size(); ++axis) {
            const Value* value = find_member(values, audit.axes[axis].axis);
            AxisCount& count =
                count_of_value(audit.axes[axis], places[axis], value == nullptr ? Value() : *value);
            ++count.expected;
            count.done += done ? 1 : 0;
            count.sound += sound ? 1 : 0;
        }
    }
}

namespace {

Result<StageAudit> look_at_stage(const SweepReader& sweep, StageIndex stage) {
    const Plan& plan = sweep.plan();
    StageAudit audit{.stage = stage, .name = plan.stage(stage).name};
    audit.is_expanded = plan.is_expanded(stage);
    audit.expected = plan.unit_count(stage);
    auto rows = LastRows::read(sweep, stage);
    if (!rows) return tl::unexpected(rows.error());
    audit.columns = expected_columns(plan.stage(stage), *rows);
    if (auto missing = add_missing(sweep, stage, audit.flaws); !missing) {
        return tl::unexpected(missing.error());
    }
    add_column_flaws(audit.columns, *rows, audit.flaws);
    add_value_flaws(plan.stage(stage), *rows, audit.flaws);
    check_records(plan, stage, *rows, audit.flaws);
    return audit;
}

}  // namespace

Result<StageAudit> audit_stage(const SweepReader& sweep, StageIndex stage) {
    auto audit = look_at_stage(sweep, stage);
    if (audit) settle_audit(sweep, *audit);
    return audit;
}

Result<std::vector<StageAudit>> audit_sweep(const SweepReader& sweep) {
    std::vector<StageAudit> audits;
    for (std::uint32_t i = 0; i < sweep.plan().stage_count(); ++i) {
        auto audit = look_at_stage(sweep, StageIndex{i});
        if (!audit) return tl::unexpected(audit.error());
        audits.push_back(*std::move(audit));
    }
    if (auto refused = add_refused(sweep, audits); !refused) {
        return tl::unexpected(refused.error());
    }
    for (StageAudit& audit : audits) {
        settle_audit(sweep, audit);
    }
    return audits;
}

}  // namespace xorch
