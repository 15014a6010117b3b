#pragma once

// The last row of every done unit of a stage, as far as an audit asks about it: which columns it
// has, which are no numbers, and the values of the few columns that checks read. A million units
// have few different sets of columns, so each unit only remembers which. Only the names of checks
// are taken from all rows: one of a recording or a split tells what the last one does not.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"
#include "core/value.h"

namespace xorch {

struct LastRow {
    std::uint32_t column_set = 0;            // index into column_sets()
    std::vector<std::string> nan = {};       // columns that are NaN
    std::vector<std::string> infinite = {};  // columns that are
    Object checked = {};                     // columns that checks read
    std::vector<std::string> reported = {};  // what its column `checks` names in any row
    std::string message = {};                // what the end of the unit says about it
};

class LastRows {
 public:
    // Those that the stage's checks do not name are not kept. A row that cannot be read has no
    // columns.
    static Result<LastRows> read(const SweepReader& sweep, StageIndex stage);

    std::uint32_t done() const { return static_cast<std::uint32_t>(rows_.size()); }

    // In how many rows each column is; only the names that occur.
    std::map<std::string, std::uint32_t> column_counts() const;

    // Each sorted.
    const std::vector<std::vector<std::string>>& column_sets() const { return sets_; }

    // In plan order.
    void for_each(const std::function<void(UnitKey unit, const LastRow& row)>& visitor) const;

 private:
    void add(UnitKey unit, const Object& row, const std::vector<std::string>& checked);
    std::uint32_t intern(const Object& row);

    std::vector<std::pair<UnitKey, LastRow>> rows_;
    std::vector<std::vector<std::string>> sets_;
    std::vector<std::vector<std::string>> orders_;  // as rows spell them; parallel to order_sets_
    std::vector<std::uint32_t> order_sets_;
};

}  // namespace xorch
