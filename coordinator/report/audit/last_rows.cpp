#include "coordinator/report/audit/last_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/tables/unit_results.h"
#include "core/check.h"
#include "core/record.h"

namespace xorch {

namespace {

struct SplitRows {
    std::string_view before;
    std::string_view last;
};

SplitRows split_off_last(std::string_view rows) {
    const std::size_t end = rows.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos) return {};
    const std::size_t newline = rows.rfind('\n', end);
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    return {.before = rows.substr(0, begin), .last = rows.substr(begin, end + 1 - begin)};
}

void add_reported(const Object& row, std::vector<std::string>& names) {
    const Value* cell = find_member(row, checks_column);
    const auto* text = cell == nullptr ? nullptr : cell->get_if<std::string>();
    if (text == nullptr) return;
    for (std::string& name : parse_reported_checks(*text)) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(std::move(name));
        }
    }
}

// Most rows before the last one are of epochs, without the column: those are not parsed.
std::vector<std::string> reported_before(std::string_view rows) {
    const std::string key = fmt::format("\"{}\"", checks_column);
    std::vector<std::string> names;
    while (rows.find(key) != std::string_view::npos) {
        const std::size_t end = std::min(rows.find('\n', rows.find(key)), rows.size());
        const auto parsed = parse_rows(split_off_last(rows.substr(0, end)).last);
        if (parsed && !parsed->empty()) add_reported(parsed->front(), names);
        rows.remove_prefix(end);
    }
    return names;
}

std::vector<std::string> columns_of_checks(const std::vector<Check>& checks) {
    std::vector<std::string> columns{std::string(checks_column)};
    for (const Check& check : checks) {
        const std::string column = complete_check(check).column;
        if (!column.empty() && std::find(columns.begin(), columns.end(), column) == columns.end()) {
            columns.push_back(column);
        }
    }
    return columns;
}

// In this order. A null is what JSON writes for "nothing": as good as no column.
bool has_names(const Object& row, const std::vector<std::string>& names) {
    std::size_t next = 0;
    for (const auto& [name, value] : row) {
        if (value.is_null()) continue;
        if (next == names.size() || names[next] != name) return false;
        ++next;
    }
    return next == names.size();
}

}  // namespace

Result<LastRows> LastRows::read(const SweepReader& sweep, StageIndex stage) {
    const std::vector<std::string> checked = columns_of_checks(sweep.plan().stage(stage).checks);
    LastRows rows;
    UnitResults results(sweep, stage);
    const auto visited = results.visit([&](UnitKey unit, const UnitResult& result) -> Result<void> {
        if (sweep.state().unit(unit).phase != UnitPhase::done) return {};
        const auto [before, line] = split_off_last(result.end.rows);
        const auto parsed = parse_rows(line);
        const bool is_row = parsed && !parsed->empty();
        rows.add(unit, is_row ? parsed->front() : Object{}, checked);
        LastRow& last = rows.rows_.back().second;
        last.message = result.end.message;
        last.reported = reported_before(before);
        add_reported(last.checked, last.reported);
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    return rows;
}

void LastRows::add(UnitKey unit, const Object& row, const std::vector<std::string>& checked) {
    LastRow last{.column_set = intern(row)};
    for (const auto& [name, value] : row) {
        const auto* number = value.get_if<double>();
        if (number != nullptr && std::isnan(*number)) last.nan.push_back(name);
        if (number != nullptr && std::isinf(*number)) last.infinite.push_back(name);
        if (std::find(checked.begin(), checked.end(), name) != checked.end()) {
            last.checked.emplace_back(name, value);
        }
    }
    rows_.emplace_back(unit, std::move(last));
}

std::uint32_t LastRows::intern(const Object& row) {
    for (std::size_t i = 0; i < orders_.size(); ++i) {
        if (has_names(row, orders_[i])) return order_sets_[i];
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : row) {
        if (!value.is_null()) names.push_back(name);
    }
    orders_.push_back(names);
    std::sort(names.begin(), names.end());
    const auto known = std::find(sets_.begin(), sets_.end(), names);
    order_sets_.push_back(static_cast<std::uint32_t>(known - sets_.begin()));
    if (known == sets_.end()) sets_.push_back(std::move(names));
    return order_sets_.back();
}

std::map<std::string, std::uint32_t> LastRows::column_counts() const {
    std::vector<std::uint32_t> units(sets_.size(), 0);
    for (const auto& [unit, row] : rows_)
        ++units[row.column_set];
    std::map<std::string, std::uint32_t> counts;
    for (std::size_t i = 0; i < sets_.size(); ++i) {
        for (const std::string& name : sets_[i])
            counts[name] += units[i];
    }
    return counts;
}

void LastRows::for_each(const std::function<void(UnitKey unit, const LastRow& row)>& visitor
) const {
    for (const auto& [unit, row] : rows_)
        visitor(unit, row);
}

}  // namespace xorch
