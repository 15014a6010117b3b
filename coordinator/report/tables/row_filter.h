#pragma once

// Conditions on rows as a person types them: "lr=0.1", "ap50>=0.8", "status!=done". A missing cell
// satisfies only "ap50=", and everything else "ap50!="; a NaN besides only "=nan".

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/tables/record_table.h"
#include "core/error.h"

namespace xorch {

enum class Comparison { equal, not_equal, less, at_most, more, at_least };

struct RowFilter {
    std::string column;
    Comparison comparison = Comparison::equal;
    std::string text;
};

// usage if the text has no comparison.
Result<RowFilter> parse_row_filter(std::string_view text);

// Numbers compare as numbers (1 equals 1.0), anything else by its text; an order between a number
// and a text does not hold.
bool holds(const RowFilter& filter, const Value& cell);

// The position of the column; usage for a name that no column has, with the names there are.
Result<std::size_t> find_column(const std::vector<Column>& columns, const std::string& name);

// Which columns of a table are shown, and which rows.
class RowSelection {
 public:
    // `names` empty = all. usage for a name that no column has, with the names there are.
    static Result<RowSelection> make(
        const std::vector<Column>& columns,
        const std::vector<std::string>& names,
        const std::vector<RowFilter>& filters
    );

    std::vector<Column> columns(const std::vector<Column>& all) const;
    bool wants(const std::vector<Value>& cells) const;
    // What is shown of a row; a copy that costs as much as reading it, so not for shows_all().
    std::vector<Value> cells(const std::vector<Value>& all) const;

    bool shows_all() const { return shows_all_; }

 private:
    struct Test {
        std::size_t place = 0;
        RowFilter filter;
    };

    bool shows_all_ = false;
    std::vector<std::size_t> places_;
    std::vector<Test> tests_;
};

}  // namespace xorch
