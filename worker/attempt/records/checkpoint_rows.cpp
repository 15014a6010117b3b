#include "worker/attempt/records/checkpoint_rows.h"

#include <algorithm>

#include "core/record.h"
#include "worker/attempt/records/records_merge.h"
#include "worker/attempt/storage/file_tree.h"

namespace xorch {

namespace {

// The rows of an attempt so far.
struct RowsSoFar {
    std::vector<Object> rows;
    std::size_t certain = 0;  // so many precede the checkpoint
};

// Of $XORCH_RECORDS: what the checkpoint saw if it says so, else all whole lines.
Result<RowsSoFar> own_rows(
    Disk& disk, const AttemptRows& attempt, const CheckpointMoment& moment, EarlierRows& earlier
) {
    auto bytes = disk.read(attempt.files.records);
    if (!bytes && bytes.error().code == ErrorCode::not_found) bytes = std::string();
    if (!bytes) return tl::unexpected(bytes.error());
    if (moment.records_bytes) {
        bytes->resize(std::min<std::uint64_t>(bytes->size(), *moment.records_bytes));
    }
    const std::size_t newline = bytes->rfind('\n');
    bytes->resize(newline == std::string::npos ? 0 : newline + 1);
    auto rows = parse_rows(*bytes);
    if (!rows) return fail_with_context(rows.error(), "XORCH_RECORDS");
    take_off_earlier(earlier, *rows);
    const std::size_t certain = moment.records_bytes ? rows->size() : 0;
    return RowsSoFar{.rows = std::move(*rows), .certain = certain};
}

RowsSoFar printed_rows(const AttemptRows& attempt, const CheckpointMoment& moment) {
    RowsSoFar found;
    for (const PrintedRow& printed : attempt.printed) {
        // The time is cut to milliseconds: the row was read up to one later.
        const bool precedes = (printed.at_unix_ms + 1) * 1'000'000 <= moment.changed_ns;
        if (precedes && found.certain == found.rows.size()) ++found.certain;
        found.rows.push_back(printed.row);
    }
    return found;
}

// Of a file that the script keeps itself. One that is being written may be malformed; what it lacks
// will be there next time.
RowsSoFar kept_rows(Disk& disk, const AttemptRows& attempt, EarlierRows& earlier) {
    auto rows = read_rows(disk, attempt.source, attempt.files);
    if (!rows || rows->empty()) return {};
    // A JSON file is written anew as a whole.
    if (!attempt.source.json.empty()) earlier = {};
    return {.rows = std::move(*rows), .certain = 0};
}

Result<RowsSoFar> find_rows(
    Disk& disk, const AttemptRows& attempt, const CheckpointMoment& moment, EarlierRows& earlier
) {
    if (!has_source(attempt.source)) return own_rows(disk, attempt, moment, earlier);
    if (!attempt.source.stdout_pattern.empty()) return printed_rows(attempt, moment);
    return kept_rows(disk, attempt, earlier);
}

// The script has not written its file yet; what is there is of somebody else.
bool is_left_over(Disk& disk, const AttemptRows& attempt) {
    for (const std::string& name :
         {attempt.source.json, attempt.source.jsonl, attempt.source.csv}) {
        if (name.empty()) continue;
        const auto path = find_record_file(disk, name, attempt.files);
        if (!path) return false;
        const auto file = files_below(*path);
        const std::int64_t begin_ns = (attempt.started_unix - stamp_lag).count() * 1'000'000;
        return file && file->size() == 1 && file->front().changed_ns < begin_ns;
    }
    return false;
}

}  // namespace

Result<std::vector<Object>> rows_so_far(Disk& disk, const AttemptRows& attempt) {
    auto earlier = parse_earlier_rows(attempt.earlier);
    if (!earlier) return tl::unexpected(earlier.error());
    if (is_left_over(disk, attempt)) return merge_rows(std::move(*earlier), {});
    auto found = find_rows(disk, attempt, {}, *earlier);
    if (!found) return tl::unexpected(found.error());
    return merge_rows(std::move(*earlier), std::move(found->rows));
}

Result<std::string> checkpoint_rows(
    Disk& disk, const AttemptRows& attempt, const CheckpointMoment& moment
) {
    auto earlier = parse_earlier_rows(attempt.earlier);
    if (!earlier) return tl::unexpected(earlier.error());
    auto found = find_rows(disk, attempt, moment, *earlier);
    if (!found) return tl::unexpected(found.error());
    return format_earlier_rows(
        extend_rows(std::move(*earlier), std::move(found->rows), found->certain)
    );
}

}  // namespace xorch
