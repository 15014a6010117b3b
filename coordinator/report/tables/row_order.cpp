#include "coordinator/report/tables/row_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/tables/row_filter.h"

namespace xorch {

namespace {

// Rows beyond those that are wanted, before the worst are dropped: sorting each time would cost
// more than all else.
constexpr std::size_t rows_spare = 4096;

enum class Rank { number, other, nan, missing };

Rank rank_of(const Value& cell) {
    if (cell.is_null()) return Rank::missing;
    const auto number = cell.as_number();
    if (!number) return Rank::other;
    return std::isnan(*number) ? Rank::nan : Rank::number;
}

}  // namespace

Result<RowOrder> parse_row_order(const std::vector<Column>& columns, std::string_view text) {
    RowOrder order;
    const std::size_t colon = text.rfind(':');
    const std::string_view direction =
        colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (direction == "asc" || direction == "desc") {
        order.descending = direction == "desc";
        text = text.substr(0, colon);
    }
    const auto place = find_column(columns, std::string(text));
    if (!place) return tl::unexpected(place.error());
    order.place = *place;
    return order;
}

bool comes_before(const RowOrder& order, const Value& left, const Value& right) {
    const Rank rank = rank_of(left);
    const Rank other = rank_of(right);
    if (rank != other) return rank < other;
    const Value& first = order.descending ? right : left;
    const Value& second = order.descending ? left : right;
    if (rank == Rank::number) return *first.as_number() < *second.as_number();
    return rank == Rank::other && format_cell(first) < format_cell(second);
}

void OrderedRows::add(std::vector<Value> cells) {
    rows_.push_back(std::move(cells));
    if (most_ > 0 && rows_.size() >= most_ + rows_spare) settle();
}

const std::vector<std::vector<Value>>& OrderedRows::finish() {
    settle();
    return rows_;
}

void OrderedRows::settle() {
    std::stable_sort(rows_.begin(), rows_.end(), [this](const auto& left, const auto& right) {
        return comes_before(order_, left[order_.place], right[order_.place]);
    });
    if (most_ > 0 && rows_.size() > most_) rows_.resize(most_);
}

}  // namespace xorch
