#include "coordinator/decide/select/rows.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"

namespace xorch {

namespace {

void add_column(std::vector<std::string>& columns, const std::string& name) {
    if (name.empty() || std::find(columns.begin(), columns.end(), name) != columns.end()) return;
    columns.push_back(name);
}

// The last `count` lines, in order; fewer if there are no more.
std::vector<Object> last_rows(std::string_view lines, std::size_t count) {
    std::vector<Object> rows;
    while (rows.size() < count) {
        const std::size_t end = lines.find_last_not_of('\n');
        if (end == std::string_view::npos) break;
        const std::size_t newline = lines.rfind('\n', end);
        const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
        // Rows were checked when they were recorded; one that is none has no columns.
        auto row = parse_json(lines.substr(begin, end + 1 - begin));
        auto* members = row ? std::get_if<Object>(&row->data) : nullptr;
        rows.push_back(members == nullptr ? Object{} : std::move(*members));
        lines = lines.substr(0, begin);
    }
    std::reverse(rows.begin(), rows.end());
    return rows;
}

const Object& best_row(const std::vector<Object>& rows, const OrderKey& key) {
    const Object* best = &rows.back();
    std::optional<double> best_value;
    for (const Object& row : rows) {
        const auto value = comparable_number(row, key.metric);
        if (!value) continue;
        const bool is_better =
            !best_value || (key.minimise ? *value < *best_value : *value > *best_value);
        if (!is_better) continue;
        best = &row;
        best_value = value;
    }
    return *best;
}

Object mean_row(const std::vector<Object>& rows, const std::vector<std::string>& columns) {
    Object means;
    for (const std::string& column : columns) {
        double sum = 0.0;
        bool is_complete = true;
        for (const Object& row : rows) {
            const Value* value = find_member(row, column);
            const auto number = value == nullptr ? std::nullopt : value->as_number();
            is_complete = is_complete && number.has_value();
            sum += number.value_or(0.0);
        }
        if (is_complete) means.emplace_back(column, sum / static_cast<double>(rows.size()));
    }
    return means;
}

}  // namespace

std::vector<std::string> columns_of(const Select& select) {
    std::vector<std::string> columns;
    for (const OrderKey& key : select.order)
        add_column(columns, key.metric);
    for (const AlternativeOrder& alternative : select.alternatives) {
        for (const OrderKey& key : alternative.order)
            add_column(columns, key.metric);
    }
    for (const Condition& condition : select.require)
        add_column(columns, condition.metric);
    return columns;
}

Object read_rows(std::string_view json_lines, const Select& select) {
    const std::vector<std::string> columns = columns_of(select);
    const auto newlines =
        static_cast<std::size_t>(std::count(json_lines.begin(), json_lines.end(), '\n'));
    const std::size_t all = newlines + 1;
    const std::size_t wanted = select.rows == RowsRead::last   ? 1
                               : select.rows == RowsRead::best ? all
                                                               : select.last_rows;
    const std::vector<Object> rows = last_rows(json_lines, wanted);
    if (rows.empty()) return {};
    if (select.rows == RowsRead::mean_of_last) {
        return rows.size() == wanted ? mean_row(rows, columns) : Object{};
    }
    const Object& row =
        select.rows == RowsRead::best ? best_row(rows, select.order.front()) : rows.back();
    Object metrics;
    for (const std::string& column : columns) {
        if (const Value* value = find_member(row, column)) metrics.emplace_back(column, *value);
    }
    return metrics;
}

std::optional<double> comparable_number(const Object& metrics, const std::string& metric) {
    const Value* value = find_member(metrics, metric);
    const auto number = value == nullptr ? std::nullopt : value->as_number();
    if (!number || std::isnan(*number)) return std::nullopt;
    return number;
}

}  // namespace xorch
