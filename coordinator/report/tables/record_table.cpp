#include "coordinator/report/tables/record_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "coordinator/report/failures.h"
#include "coordinator/report/text.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/record.h"

namespace xorch {

namespace {

// What the stage says besides its axes, code and data: two tables with equal values of it asked for
// the same thing.
std::string config_hash_of(const Stage& stage) {
    Object config{
        {"job",         stage.job                      },
        {"job_version", std::int64_t{stage.job_version}},
        {"argv",        Array(stage.argv.begin(),        stage.argv.end())},
        {"args",             stage.args.style                                      },
        {"threads",             std::int64_t{stage.threads}}
    };
    // Where data is does not matter, only what it is.
    Object params;
    for (const Member& member : stage.params) {
        if (!stage.path_hashes.contains(member.first)) params.push_back(member);
    }
    config.emplace_back("params", std::move(params));
    return hash_text(format_canonical_json(Value(std::move(config))));
}

// Of all stages, because a promoted unit brings its parameters along; the own stage's come first.
std::map<std::string, std::map<std::string, std::string>> data_of(
    const Sweep& sweep, const Stage& own
) {
    auto data = own.path_hashes;
    for (const Stage& stage : sweep.stages) {
        for (const auto& [name, by_path] : stage.path_hashes) {
            data[name].insert(by_path.begin(), by_path.end());
        }
    }
    return data;
}

// A missing cell for an empty text.
void set_text(Value& cell, std::string_view text) {
    auto* standing = std::get_if<std::string>(&cell.data);
    if (text.empty()) {
        cell = Value();
    } else if (standing != nullptr) {
        *standing = text;
    } else {
        cell = Value(std::string(text));
    }
}

// Why a unit is not simply done.
std::string reason_of(const UnitState& unit, const UnitResult& result) {
    if (unit.phase == UnitPhase::cancelled) return "";
    if (unit.phase == UnitPhase::done) {
        if (!result.adopted_from.empty()) return "adopted from " + result.adopted_from;
        return result.end.message;  // what to know about it: a NaN, a damaged checkpoint
    }
    const std::string detail = result.known ? describe_end(result.end) : "";
    std::string reason(cause_name(unit.cause));
    if (!detail.empty()) reason += ": " + detail;
    return reason;
}

const std::string& rows_of(const State& state, UnitKey unit, const UnitResult& result) {
    const std::string* standing = state.standing_rows(unit);
    return standing == nullptr ? result.end.rows : *standing;
}

// The keys of all objects in JSON lines, one after the other: equal rows of keys have equal ones.
// Most units report the same columns, and reading their values takes ten times as long as this.
std::string spell_keys(std::string_view line) {
    std::string keys;
    for (std::size_t at = 0; (at = line.find('"', at)) != std::string_view::npos;) {
        std::size_t end = at + 1;
        while (end < line.size() && line[end] != '"')
            end += line[end] == '\\' ? 2U : 1U;
        end = std::min(end + 1, line.size());
        const std::size_t next = line.find_first_not_of(" \t", end);
        const bool is_key = next != std::string_view::npos && line[next] == ':';
        if (is_key) keys += line.substr(at, end - at);
        at = end;
    }
    return keys;
}

// Whether the line has these keys ("\"a\":"), in this order and no others, as far as that can be
// seen without reading values: rows are mostly spelled like the one before.
bool has_keys(std::string_view line, const std::vector<std::string>& keys) {
    std::size_t at = 0;
    for (const std::string& key : keys) {
        const bool is_next = at < line.size() && line[at] == (at == 0 ? '{' : ',') &&
                             line.substr(at + 1).starts_with(key);
        if (!is_next) return false;
        at += 1 + key.size();
        if (at < line.size() && line[at] == '"') {
            at = line.find('"', at + 1);
            if (at == std::string_view::npos || line[at - 1] == '\\') return false;
        }
        while (at < line.size() && line[at] != ',' && line[at] != '}')
            ++at;
    }
    return line.substr(std::min(at, line.size())) == "}";
}

std::vector<Column> make_columns(
    const std::vector<std::string>& axes, const std::vector<std::string>& metrics
) {
    std::vector<Column> columns{
        {.name = "stage", .kind = ColumnKind::stage}
    };
    for (const std::string& axis : axes) {
        columns.push_back({.name = axis, .kind = ColumnKind::parameter});
    }
    std::set<std::string> taken(provenance_columns().begin(), provenance_columns().end());
    for (const Column& column : columns) {
        taken.insert(column.name);
    }
    for (const std::string& metric : metrics) {
        std::string name = metric;
        while (!taken.insert(name).second) {
            name = "record." + name;
        }
        columns.push_back({.name = std::move(name), .kind = ColumnKind::metric});
    }
    for (const std::string& name : provenance_columns()) {
        columns.push_back({.name = name, .kind = ColumnKind::provenance});
    }
    return columns;
}

}  // namespace

RecordTable::RecordTable(const SweepReader& sweep, StageIndex stage)
    : sweep_(sweep),
      stage_(stage),
      results_(sweep, stage),
      axes_(sweep.plan().axis_names(stage)),
      config_hash_(config_hash_of(sweep.plan().stage(stage))),
      data_(data_of(sweep.plan().sweep(), sweep.plan().stage(stage))) {}

Result<RecordTable> RecordTable::open(const SweepReader& sweep, StageIndex stage) {
    RecordTable table(sweep, stage);
    if (auto read = table.read_metric_names(); !read) return tl::unexpected(read.error());
    table.columns_ = make_columns(table.axes_, table.metrics_);
    return table;
}

Result<void> RecordTable::read_metric_names() {
    std::set<std::string, std::less<>> seen;
    std::unordered_set<std::string> known_keys;
    std::vector<std::string> last_keys;
    return results_.visit([&](UnitKey unit, const UnitResult& result) -> Result<void> {
        std::string_view lines = rows_of(sweep_.state(), unit, result);
        while (!lines.empty()) {
            const std::size_t end = std::min(lines.find('\n'), lines.size());
            const std::string_view line = lines.substr(0, end);
            lines.remove_prefix(std::min(end + 1, lines.size()));
            if (has_keys(line, last_keys)) continue;
            if (!known_keys.insert(spell_keys(line)).second) continue;
            const auto rows = parse_rows(line);
            if (!rows) return fail_with_context(rows.error(), "reading records from the journal");
            if (rows->empty()) continue;
            last_keys.clear();
            for (const auto& [name, value] : rows->front()) {
                last_keys.push_back(fmt::format("\"{}\":", name));
                if (seen.insert(name).second) metrics_.push_back(name);
            }
        }
        return {};
    });
}

void RecordTable::set_parameters(UnitKey unit, std::span<Value> cells) const {
    const Object parameters = sweep_.plan().parameters(unit);
    for (std::size_t i = 0; i < axes_.size(); ++i) {
        const Value* value = find_member(parameters, axes_[i]);
        cells[i] = value == nullptr ? Value() : *value;
    }
}

void RecordTable::set_provenance(UnitKey key, const UnitResult& result, std::span<Value> cells)
    const {
    const UnitState& unit = sweep_.state().unit(key);
    const auto& agents = sweep_.state().agents();
    const bool ran = unit.attempt > 0 && unit.agent < agents.size();
    const AttemptEnd& end = result.end;
    const bool timed = result.known && end.started_unix.count() > 0;
    const auto from = sweep_.plan().promoted_from(key);
    auto cell = cells.begin();
    set_text(*cell++, format_unit_id(sweep_.plan().id(key)));
    *cell++ = Value(std::int64_t{unit.attempt});
    set_text(*cell++, phase_name(unit.phase));
    set_text(*cell++, reason_of(unit, result));
    set_text(*cell++, ran ? agents[unit.agent].node : "");
    *cell++ = ran ? Value(std::int64_t{agents[unit.agent].allocation.value}) : Value();
    *cell++ = result.known && end.checkpoint_step >= 0 ? Value(end.checkpoint_step) : Value();
    set_text(*cell++, end.env_key);
    set_text(*cell++, sweep_.plan().stage(stage_).code_hash);
    set_text(*cell++, config_hash_);
    set_text(*cell++, data_hash(key));
    set_text(*cell++, timed ? format_utc(end.started_unix) : "");
    set_text(*cell++, timed ? format_utc(end.started_unix + end.ran) : "");
    *cell++ = timed ? Value(static_cast<double>(end.ran.count()) / 1000.0) : Value();
    set_text(
        *cell++,
        from ? fmt::format("{}/{}", sweep_.plan().stage(from->stage).name, from->index) : ""
    );
    XORCH_CHECK(cell == cells.end(), "each provenance column has a cell");
}

// One hash for all data that the unit's parameters point to; empty if they point to none.
std::string RecordTable::data_hash(UnitKey key) const {
    if (data_.empty()) return "";
    std::string text;
    std::string only;
    std::size_t hashes = 0;
    for (const auto& [name, value] : sweep_.plan().parameters(key)) {
        const auto by_path = data_.find(name);
        const auto* path = value.get_if<std::string>();
        if (by_path == data_.end() || path == nullptr) continue;
        const auto hash = by_path->second.find(*path);
        if (hash == by_path->second.end()) continue;
        text += fmt::format("{}\n{}\n{}\n", name, *path, hash->second);
        only = hash->second;
        ++hashes;
    }
    return hashes < 2 ? only : hash_text(text);
}

Result<void> RecordTable::visit(const Visitor& visitor) {
    return visit(visitor, Origin::told);
}

Result<void> RecordTable::visit_results(const Visitor& visitor) {
    return visit(visitor, Origin::left_out);
}

// Where provenance begins.
std::size_t RecordTable::results_end() const {
    return columns_.size() - provenance_columns().size();
}

Result<void> RecordTable::visit(const Visitor& visitor, Origin wanted) {
    TableRow row;
    row.cells.resize(wanted == Origin::told ? columns_.size() : results_end());
    row.cells.front() = sweep_.plan().stage(stage_).name;
    const std::span<Value> cells(row.cells);
    const std::span<Value> metrics = cells.subspan(1 + axes_.size(), metrics_.size());
    const std::span<Value> origin = cells.subspan(results_end());
    return results_.visit([&](UnitKey unit, const UnitResult& result) -> Result<void> {
        const UnitPhase phase = sweep_.state().unit(unit).phase;
        if (!is_final(phase) && sweep_.state().standing_rows(unit) == nullptr) return {};
        auto rows = parse_rows(rows_of(sweep_.state(), unit, result));
        if (!rows) return fail_with_context(rows.error(), "reading records from the journal");
        if (rows->empty()) rows->emplace_back();
        row.unit = unit;
        row.phase = phase;
        set_parameters(unit, cells.subspan(1, axes_.size()));
        if (wanted == Origin::told) set_provenance(unit, result, origin);
        for (std::size_t i = 0; i < rows->size(); ++i) {
            row.is_last = i + 1 == rows->size();
            for (std::size_t m = 0; m < metrics_.size(); ++m) {
                const Value* value = find_member((*rows)[i], metrics_[m]);
                metrics[m] = value == nullptr ? Value() : *value;
            }
            if (auto visited = visitor(row); !visited) return visited;
        }
        return {};
    });
}

const std::vector<std::string>& provenance_columns() {
    static const std::vector<std::string> names{
        "unit_id",
        "attempt",
        "status",
        "reason",
        "node",
        "allocation",
        "checkpoint_step",
        "env_key",
        "code_hash",
        "config_hash",
        "data_hash",
        "started",
        "finished",
        "wall_s",
        "promoted_from"};
    return names;
}

std::string format_cell(const Value& cell) {
    return cell.is_null() ? std::string() : format_plain(cell);
}

}  // namespace xorch
