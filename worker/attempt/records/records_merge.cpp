#include "worker/attempt/records/records_merge.h"

#include <algorithm>

#include "core/record.h"

namespace xorch {

namespace {

bool same_row(const Object& left, const Object& right) {
    bool counted = false;
    for (const auto& [name, value] : left) {
        if (value.get_if<std::int64_t>() == nullptr) continue;
        const Value* other = find_member(right, name);
        if (other == nullptr || !(*other == value)) return false;
        counted = true;
    }
    return counted || Value(left) == Value(right);
}

// True if the last `count` rows of `earlier` are the first of `rows`.
bool overlap(
    const std::vector<Object>& earlier, const std::vector<Object>& rows, std::size_t count
) {
    return std::equal(
        earlier.end() - static_cast<std::ptrdiff_t>(count), earlier.end(), rows.begin(), same_row
    );
}

}  // namespace

Result<std::vector<Object>> merge_rows(std::string_view earlier, std::vector<Object> rows) {
    const std::size_t gap = earlier.starts_with('\n') ? 0 : earlier.find("\n\n");
    const std::string_view certain_text = gap == 0 ? "" : earlier.substr(0, gap);
    auto merged = parse_rows(earlier);
    if (!merged) return fail_with_context(merged.error(), "rows of the checkpoint");
    const auto certain = parse_rows(certain_text);
    if (!certain) return fail_with_context(certain.error(), "rows of the checkpoint");
    const std::size_t all = merged->size();
    if (rows.size() > all && all > 1 && overlap(*merged, rows, all)) return rows;
    std::size_t repeated = std::min(rows.size(), all - certain->size());
    while (repeated > 0 && !overlap(*merged, rows, repeated))
        --repeated;
    merged->resize(all - repeated);
    merged->insert(
        merged->end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end())
    );
    return merged;
}

}  // namespace xorch
