#include "coordinator/report/tables/row_filter.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace xorch {

namespace {

struct Spelling {
    std::string_view text;
    Comparison comparison;
};

// Longer ones first: ">=" is not ">" followed by "=...".
constexpr Spelling spellings[] = {
    {">=", Comparison::at_least },
    {"<=", Comparison::at_most  },
    {"!=", Comparison::not_equal},
    {"==", Comparison::equal    },
    {">",  Comparison::more     },
    {"<",  Comparison::less     },
    {"=",  Comparison::equal    },
};

std::optional<double> read_number(std::string_view text) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

bool compare_numbers(Comparison comparison, double cell, double bound) {
    switch (comparison) {
        case Comparison::equal:
            return cell == bound || (std::isnan(cell) && std::isnan(bound));
        case Comparison::not_equal:
            return cell != bound && !std::isnan(cell);
        case Comparison::less:
            return cell < bound;
        case Comparison::at_most:
            return cell <= bound;
        case Comparison::more:
            return cell > bound;
        case Comparison::at_least:
            return cell >= bound;
    }
    return false;
}

bool compare_texts(Comparison comparison, const std::string& cell, const std::string& bound) {
    switch (comparison) {
        case Comparison::equal:
            return cell == bound;
        case Comparison::not_equal:
            return cell != bound;
        case Comparison::less:
            return cell < bound;
        case Comparison::at_most:
            return cell <= bound;
        case Comparison::more:
            return cell > bound;
        case Comparison::at_least:
            return cell >= bound;
    }
    return false;
}

}  // namespace

Result<RowFilter> parse_row_filter(std::string_view text) {
    const std::size_t at = text.find_first_of("<>=!");
    for (const Spelling& spelling : spellings) {
        const bool here = at != std::string_view::npos && at > 0 &&
                          text.substr(at, spelling.text.size()) == spelling.text;
        if (!here) continue;
        return RowFilter{
            .column = std::string(text.substr(0, at)),
            .comparison = spelling.comparison,
            .text = std::string(text.substr(at + spelling.text.size()))};
    }
    return fail(
        ErrorCode::usage,
        fmt::format(
            "\"{}\" is no filter: write column=value, or != < <= > >= (quoted, because of the "
            "shell)",
            text
        )
    );
}

bool holds(const RowFilter& filter, const Value& cell) {
    if (cell.is_null()) return filter.text.empty() && filter.comparison == Comparison::equal;
    if (filter.text.empty() && filter.comparison == Comparison::not_equal) return true;
    const auto number = cell.as_number();
    const auto bound = read_number(filter.text);
    if (number && bound) return compare_numbers(filter.comparison, *number, *bound);
    const bool is_order =
        filter.comparison != Comparison::equal && filter.comparison != Comparison::not_equal;
    if (number && is_order) return false;
    return compare_texts(filter.comparison, format_cell(cell), filter.text);
}

Result<std::size_t> find_column(const std::vector<Column>& columns, const std::string& name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == name) return i;
        names.push_back(columns[i].name);
    }
    return fail(
        ErrorCode::usage,
        fmt::format("there is no column {}; there are {}", name, fmt::join(names, ", "))
    );
}

Result<RowSelection> RowSelection::make(
    const std::vector<Column>& columns,
    const std::vector<std::string>& names,
    const std::vector<RowFilter>& filters
) {
    RowSelection selection;
    selection.shows_all_ = names.empty();
    for (const std::string& name : names) {
        const auto place = find_column(columns, name);
        if (!place) return tl::unexpected(place.error());
        selection.places_.push_back(*place);
    }
    for (std::size_t i = 0; names.empty() && i < columns.size(); ++i) {
        selection.places_.push_back(i);
    }
    for (const RowFilter& filter : filters) {
        const auto place = find_column(columns, filter.column);
        if (!place) return tl::unexpected(place.error());
        selection.tests_.push_back({.place = *place, .filter = filter});
    }
    return selection;
}

std::vector<Column> RowSelection::columns(const std::vector<Column>& all) const {
    std::vector<Column> chosen;
    for (const std::size_t place : places_) {
        chosen.push_back(all[place]);
    }
    return chosen;
}

bool RowSelection::wants(const std::vector<Value>& cells) const {
    for (const Test& test : tests_) {
        if (!holds(test.filter, cells[test.place])) return false;
    }
    return true;
}

std::vector<Value> RowSelection::cells(const std::vector<Value>& all) const {
    std::vector<Value> chosen;
    chosen.reserve(places_.size());
    for (const std::size_t place : places_) {
        chosen.push_back(all[place]);
    }
    return chosen;
}

}  // namespace xorch
