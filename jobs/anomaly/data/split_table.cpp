#include "jobs/anomaly/data/split_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "jobs/files/csv_rows.h"

namespace xorch::anomaly {

namespace {

constexpr std::array<std::string_view, 5> columns{"object", "split", "label", "image", "mask"};
using Places = std::array<std::size_t, columns.size()>;

Result<Places> find_places(const std::vector<std::string>& header) {
    Places places{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto found = std::find(header.begin(), header.end(), columns[i]);
        if (found == header.end()) {
            return fail(ErrorCode::invalid_input, fmt::format("there is no column {}", columns[i]));
        }
        places[i] = static_cast<std::size_t>(found - header.begin());
    }
    return places;
}

bool stays_inside(const std::string& path) {
    const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
    return !path.empty() && normal.is_relative() && *normal.begin() != "..";
}

Result<bool> one_of(const std::string& cell, std::string_view yes, std::string_view no) {
    if (cell == yes) return true;
    if (cell == no) return false;
    return fail(
        ErrorCode::invalid_input, fmt::format("\"{}\" is neither {} nor {}", cell, yes, no)
    );
}

Result<SplitRow> parse_row(const std::vector<std::string>& cells, const Places& places) {
    if (cells.size() <= *std::max_element(places.begin(), places.end())) {
        return fail(ErrorCode::invalid_input, fmt::format("only {} cells", cells.size()));
    }
    const auto train = one_of(cells[places[1]], "train", "test");
    const auto abnormal = one_of(cells[places[2]], "anomaly", "normal");
    if (!train) return tl::unexpected(train.error());
    if (!abnormal) return tl::unexpected(abnormal.error());
    SplitRow row{
        .object = cells[places[0]],
        .train = *train,
        .abnormal = *abnormal,
        .image = cells[places[3]],
        .mask = cells[places[4]]};
    if (row.train && row.abnormal) {
        return fail(ErrorCode::invalid_input, "an abnormal image to train on: " + row.image);
    }
    if (!stays_inside(row.image)) {
        return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is no image", row.image));
    }
    if (row.abnormal && !stays_inside(row.mask)) {
        return fail(
            ErrorCode::invalid_input, fmt::format("\"{}\" is no mask of {}", row.mask, row.image)
        );
    }
    return row;
}

}  // namespace

Result<std::vector<SplitRow>> parse_split_table(std::string_view text) {
    CsvRows rows(text);
    std::vector<std::string> cells;
    const auto header = rows.next(cells);
    if (!header) return tl::unexpected(header.error());
    if (!*header) return fail(ErrorCode::invalid_input, "an empty table");
    const auto places = find_places(cells);
    if (!places) return tl::unexpected(places.error());
    std::vector<SplitRow> table;
    while (true) {
        const auto more = rows.next(cells);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return table;
        auto row = parse_row(cells, *places);
        if (!row) return fail_with_context(row.error(), fmt::format("line {}", rows.line()));
        table.push_back(std::move(*row));
    }
}

}  // namespace xorch::anomaly
