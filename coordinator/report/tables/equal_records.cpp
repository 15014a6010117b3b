#include "coordinator/report/tables/equal_records.h"

#include <fmt/format.h>

#include <vector>

#include "coordinator/report/tables/record_table.h"
#include "coordinator/report/text.h"

namespace xorch {

namespace {

struct Line {
    std::string text;
    std::string env_key;
};

std::size_t find_env_key(const std::vector<Column>& columns) {
    std::size_t place = columns.size() - 1;
    while (columns[place].kind != ColumnKind::provenance || columns[place].name != "env_key") {
        --place;
    }
    return place;
}

std::string head_text(const std::vector<Column>& columns) {
    std::string text;
    for (const Column& column : columns) {
        if (column.kind != ColumnKind::provenance) text += escape_tsv(column.name) + "\t";
    }
    return text;
}

std::string row_text(const std::vector<Column>& columns, const std::vector<Value>& cells) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].kind == ColumnKind::provenance) continue;
        text += escape_tsv(format_cell(cells[i])) + "\t";
    }
    return text;
}

Result<std::vector<Line>> read_lines(const SweepReader& sweep, StageIndex stage) {
    auto table = RecordTable::open(sweep, stage);
    if (!table) return tl::unexpected(table.error());
    std::vector<Line> lines{
        {.text = head_text(table->columns()), .env_key = ""}
    };
    const std::size_t env_key = find_env_key(table->columns());
    const auto visited = table->visit([&](const TableRow& row) -> Result<void> {
        lines.push_back(
            {.text = row_text(table->columns(), row.cells),
             .env_key = format_cell(row.cells[env_key])}
        );
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    return lines;
}

std::string describe(
    const std::string& stage, std::size_t line, const Line& left, const Line& right
) {
    std::string text = fmt::format(
        "stage {}, {}:\n  {}\n  {}",
        escape_for_terminal(stage),
        line == 0 ? "names of columns" : fmt::format("row {}", line),
        escape_for_terminal(left.text),
        escape_for_terminal(right.text)
    );
    if (left.env_key != right.env_key) {
        text += fmt::format(
            "\n  (they come from different environments: {} and {})",
            escape_for_terminal(left.env_key),
            escape_for_terminal(right.env_key)
        );
    }
    return text;
}

}  // namespace

Result<std::optional<std::string>> first_difference(
    const SweepReader& left, const SweepReader& right
) {
    const std::uint32_t stages = left.plan().stage_count();
    if (stages != right.plan().stage_count()) {
        return fmt::format("{} stages and {} stages", stages, right.plan().stage_count());
    }
    for (std::uint32_t i = 0; i < stages; ++i) {
        const std::string& name = left.plan().stage(StageIndex{i}).name;
        const auto ours = read_lines(left, StageIndex{i});
        if (!ours) return tl::unexpected(ours.error());
        const auto theirs = read_lines(right, StageIndex{i});
        if (!theirs) return tl::unexpected(theirs.error());
        for (std::size_t line = 0; line < std::min(ours->size(), theirs->size()); ++line) {
            if ((*ours)[line].text == (*theirs)[line].text) continue;
            return describe(name, line, (*ours)[line], (*theirs)[line]);
        }
        if (ours->size() != theirs->size()) {
            return fmt::format(
                "stage {}: {} and {}",
                escape_for_terminal(name),
                count_of(ours->size() - 1, "row"),
                count_of(theirs->size() - 1, "row")
            );
        }
    }
    return std::nullopt;
}

}  // namespace xorch
