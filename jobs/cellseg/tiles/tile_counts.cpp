#include "jobs/cellseg/tiles/tile_counts.h"

#include <fmt/core.h>

#include <charconv>

#include "core/statistics/percentile.h"
#include "jobs/cellseg/data/delimited_table.h"
#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

constexpr double bright = 0.75;  // percentile

Result<int> parse_number(const std::string& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    return fail(ErrorCode::corrupted, "\"" + text + "\" is no count");
}

Result<TileRow> parse_row(
    const std::vector<std::string>& cells, const std::vector<std::size_t>& at
) {
    TileRow row{
        .model = cells[at[0]],
        .tile =
            {.key = cells[at[1]],
                   .marker = cells[at[5]],
                   .donor = cells[at[4]],
                   .c0 = cells[at[2]],
                   .c1 = cells[at[3]]},
        .counts = {   }
    };
    int* const numbers[] = {
        &row.counts.total, &row.counts.positive, &row.counts.area, &row.counts.in_truth};
    for (std::size_t i = 0; i < std::size(numbers); ++i) {
        const auto number = parse_number(cells[at[6 + i]]);
        if (!number) return tl::unexpected(number.error());
        *numbers[i] = *number;
    }
    return row;
}

Result<std::vector<TileRow>> parse_rows_of(const DelimitedTable& table) {
    const auto at = find_columns(
        table,
        {"model",
         "tile_key",
         "tile_c0",
         "tile_c1",
         "donor",
         "marker",
         "n_total_cells",
         "n_marker_positive",
         "area_px",
         "n_true_cells"}
    );
    if (!at) return tl::unexpected(at.error());
    std::vector<TileRow> rows;
    for (const std::vector<std::string>& cells : table.rows) {
        auto row = parse_row(cells, *at);
        if (!row) return tl::unexpected(row.error());
        rows.push_back(std::move(*row));
    }
    return rows;
}

}  // namespace

TileCounts count_tile(const Labels& cells, const Plane& marker) {
    const double threshold = percentile(marker.values, bright);
    const std::vector<int> pixels = count_pixels(cells);
    std::vector<double> sums(pixels.size());
    for (std::size_t i = 0; i < cells.values.size(); ++i) {
        sums[static_cast<std::size_t>(cells.values[i])] += marker.values[i];
    }
    TileCounts counts{.area = cells.height * cells.width};
    for (std::size_t label = 1; label < pixels.size(); ++label) {
        if (pixels[label] == 0) continue;
        ++counts.total;
        if (sums[label] / pixels[label] > threshold) ++counts.positive;
    }
    return counts;
}

std::string format_tile_rows(const std::vector<TileRow>& rows) {
    std::string table =
        "model\ttile_key\ttile_c0\ttile_c1\tdonor\tmarker\tn_total_cells\tn_marker_positive\t"
        "ratio\tarea_px\tn_true_cells\n";
    for (const TileRow& row : rows) {
        const TileCounts& counts = row.counts;
        table += fmt::format(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            row.model,
            row.tile.key,
            row.tile.c0,
            row.tile.c1,
            row.tile.donor,
            row.tile.marker,
            counts.total,
            counts.positive,
            counts.total > 0
                ? fmt::format("{}", static_cast<double>(counts.positive) / counts.total)
                : std::string(),
            counts.area,
            counts.in_truth
        );
    }
    return table;
}

Result<std::vector<TileRow>> read_tile_rows(const std::string& path) {
    const auto table = read_delimited(path);
    if (!table) return tl::unexpected(table.error());
    auto rows = parse_rows_of(*table);
    if (!rows) return fail_with_context(rows.error(), path);
    return rows;
}

}  // namespace xorch::cellseg
