#include "worker/attempt/records/records_merge.h"

#include <algorithm>
#include <iterator>

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

void append(std::vector<Object>& rows, std::vector<Object> more) {
    rows.insert(
        rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())
    );
}

// True if `rows` go on as the last `count` uncertain rows do, as far as both reach.
bool repeats(
    const std::vector<Object>& uncertain, const std::vector<Object>& rows, std::size_t count
) {
    const auto from = uncertain.end() - static_cast<std::ptrdiff_t>(count);
    const auto reach = static_cast<std::ptrdiff_t>(std::min(count, rows.size()));
    return std::equal(from, from + reach, rows.begin(), same_row);
}

bool is_whole_history(const EarlierRows& earlier, const std::vector<Object>& rows) {
    const std::size_t all = earlier.certain.size() + earlier.uncertain.size();
    if (all < 2 || rows.size() <= all) return false;
    const auto& [certain, uncertain] = earlier;
    const auto behind = rows.begin() + static_cast<std::ptrdiff_t>(certain.size());
    return std::equal(certain.begin(), certain.end(), rows.begin(), same_row) &&
           std::equal(uncertain.begin(), uncertain.end(), behind, same_row);
}

// What the attempt repeats came after the checkpoint and goes; what is left came before it. At most
// `repeated` rows are repeated.
void settle(EarlierRows& earlier, const std::vector<Object>& rows, std::size_t repeated) {
    if (is_whole_history(earlier, rows)) {
        earlier = {};
        return;
    }
    repeated = std::min(repeated, earlier.uncertain.size());
    while (repeated > 0 && !repeats(earlier.uncertain, rows, repeated))
        --repeated;
    earlier.uncertain.resize(earlier.uncertain.size() - repeated);
    append(earlier.certain, std::move(earlier.uncertain));
    earlier.uncertain.clear();
}

}  // namespace

Result<EarlierRows> parse_earlier_rows(std::string_view text) {
    const std::size_t gap = text.starts_with('\n') ? 0 : text.find("\n\n");
    auto certain = parse_rows(text.substr(0, gap));
    if (!certain) return fail_with_context(certain.error(), "rows of the checkpoint");
    auto uncertain =
        parse_rows(gap == std::string_view::npos ? std::string_view() : text.substr(gap));
    if (!uncertain) return fail_with_context(uncertain.error(), "rows of the checkpoint");
    return EarlierRows{.certain = std::move(*certain), .uncertain = std::move(*uncertain)};
}

std::string format_earlier_rows(const EarlierRows& rows) {
    std::string text = format_rows(rows.certain);
    if (!rows.uncertain.empty()) text += "\n" + format_rows(rows.uncertain);
    return text;
}

void take_off_earlier(EarlierRows& earlier, std::vector<Object>& rows) {
    const auto behind = static_cast<std::ptrdiff_t>(earlier.certain.size());
    const bool began_so =
        rows.size() >= earlier.certain.size() &&
        format_rows({rows.begin(), rows.begin() + behind}) == format_rows(earlier.certain);
    if (began_so) {
        rows.erase(rows.begin(), rows.begin() + behind);
    } else {
        earlier = {};
    }
}

std::vector<Object> merge_rows(EarlierRows earlier, std::vector<Object> rows) {
    settle(earlier, rows, rows.size());
    append(earlier.certain, std::move(rows));
    return std::move(earlier.certain);
}

EarlierRows extend_rows(EarlierRows earlier, std::vector<Object> rows, std::size_t certain) {
    if (rows.empty()) return earlier;
    settle(earlier, rows, earlier.uncertain.size());
    const auto border = rows.begin() + static_cast<std::ptrdiff_t>(std::min(certain, rows.size()));
    append(
        earlier.uncertain, {std::make_move_iterator(border), std::make_move_iterator(rows.end())}
    );
    rows.erase(border, rows.end());
    append(earlier.certain, std::move(rows));
    return earlier;
}

}  // namespace xorch
