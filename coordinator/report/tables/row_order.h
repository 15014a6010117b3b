#pragma once

// Rows in the order of one column instead of plan order. Whatever the direction, NaN comes after
// every value and a missing cell after that: neither is ever "the best".

#include <cstddef>
#include <string_view>
#include <vector>

#include "coordinator/report/tables/record_table.h"
#include "core/error.h"

namespace xorch {

struct RowOrder {
    std::size_t place = 0;  // of the column
    bool descending = false;
};

// "ap50", "ap50:asc" or "ap50:desc"; usage for a column that is not there.
Result<RowOrder> parse_row_order(const std::vector<Column>& columns, std::string_view text);

// Whether the row of `left` comes before the one of `right`.
bool comes_before(const RowOrder& order, const Value& left, const Value& right);

// Keeps rows until all are there; of equal ones, the first that was added stays first.
class OrderedRows {
 public:
    // `most` rows are kept, 0 = all.
    OrderedRows(RowOrder order, std::size_t most) : order_(order), most_(most) {}

    void add(std::vector<Value> cells);
    const std::vector<std::vector<Value>>& finish();

 private:
    void settle();

    RowOrder order_;
    std::size_t most_;
    std::vector<std::vector<Value>> rows_;
};

}  // namespace xorch
