#pragma once

// The table of records of one stage: which columns there are and what each row says, in plan order,
// without holding the table. Two sweeps with equal records give equal tables, whatever the order in
// which their units ended: columns and rows depend on the plan and the records only, except for the
// provenance columns at the end.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "coordinator/report/tables/unit_results.h"
#include "core/value.h"

namespace xorch {

enum class ColumnKind { stage, parameter, metric, provenance };

struct Column {
    std::string name;
    ColumnKind kind = ColumnKind::metric;

    friend bool operator==(const Column&, const Column&) = default;
};

struct TableRow {
    UnitKey unit;
    UnitPhase phase = UnitPhase::done;
    bool is_last = false;        // the unit's last row: the one that summaries and selections read
    std::vector<Value> cells{};  // one per column; null = missing
};

class RecordTable {
 public:
    // Reads the results once for the names of the metrics, in the order of their first appearance.
    // A metric that is called like another column becomes "record.<name>". `sweep` must outlive it.
    static Result<RecordTable> open(const SweepReader& sweep, StageIndex stage);

    // stage, what varies, metrics, provenance.
    const std::vector<Column>& columns() const { return columns_; }

    using Visitor = std::function<Result<void>(const TableRow& row)>;

    // One row per record of each final unit; a unit without records has one row without metrics. Of
    // a unit that runs again (`xorch backfill`), the rows that stand.
    Result<void> visit(const Visitor& visitor);

    // The same without the provenance columns, which cost more than all others.
    Result<void> visit_results(const Visitor& visitor);

 private:
    RecordTable(const SweepReader& sweep, StageIndex stage);
    Result<void> read_metric_names();
    enum class Origin { told, left_out };
    Result<void> visit(const Visitor& visitor, Origin origin);
    std::size_t results_end() const;
    // Writing into cells that are there costs half of making rows anew.
    void set_parameters(UnitKey unit, std::span<Value> cells) const;
    void set_provenance(UnitKey unit, const UnitResult& result, std::span<Value> cells) const;
    std::string data_hash(UnitKey unit) const;

    const SweepReader& sweep_;
    StageIndex stage_;
    UnitResults results_;
    std::vector<std::string> axes_;
    std::vector<std::string> metrics_;  // under the reports' own names
    std::vector<Column> columns_;
    std::string config_hash_;
    std::map<std::string, std::map<std::string, std::string>> data_;  // as Stage::path_hashes
};

// The names of the provenance columns, in order.
const std::vector<std::string>& provenance_columns();

// As tables spell a cell: format_plain(), empty for a missing value. Not escaped.
std::string format_cell(const Value& cell);

}  // namespace xorch
