#include "worker/attempt/steps/finishing.h"

#include <fmt/format.h>

#include "core/output_pack.h"
#include "core/record.h"
#include "core/stop_rule.h"
#include "worker/attempt/records/checkpoint_rows.h"
#include "worker/attempt/records/records_merge.h"
#include "worker/attempt/records/records_read.h"
#include "worker/attempt/steps/gang_judgement.h"
#include "worker/attempt/storage/artifact_seal.h"
#include "worker/attempt/storage/file_tree.h"

namespace xorch {

namespace {

// What a failure's report shows of the output (design: notifications).
constexpr std::size_t tail_lines = 20;
constexpr std::size_t tail_bytes = 4096;

Result<std::vector<Object>> collect_rows(Disk& disk, FinishRequest& request) {
    const Records& records = request.stage->records;
    auto earlier = parse_earlier_rows(request.earlier_rows);
    if (!earlier) return tl::unexpected(earlier.error());
    if (request.printed) {
        if (request.printed_too_much) {
            return fail(ErrorCode::invalid_input, "its records are larger than 6 MiB together");
        }
        return merge_rows(std::move(*earlier), std::move(*request.printed));
    }
    auto rows = read_rows(
        disk,
        records.from,
        {.records = request.places.records,
         .out = request.places.out,
         .directory = request.directory}
    );
    // It resumed behind its last row and had nothing to add.
    if (!rows && rows.error().code == ErrorCode::not_found && !request.earlier_rows.empty()) {
        return parse_rows(request.earlier_rows);
    }
    // A JSON file is written anew as a whole.
    if (!rows || !records.from.json.empty()) return rows;
    if (!has_source(records.from)) take_off_earlier(*earlier, *rows);
    return merge_rows(std::move(*earlier), std::move(*rows));
}

// Whatever ended the attempt: rows that show that the unit is hopeless would show it again, and the
// records are to be the same whenever somebody looked.
std::optional<Hopeless> judge_rows(
    Disk& disk, const FinishRequest& request, std::vector<Object>& rows
) {
    if (request.stops.empty() || discards_results(request.facts)) return std::nullopt;
    if (rows.empty()) {
        AttemptRows reported{
            .source = request.stage->records.from,
            .files =
                {.records = request.places.records,
                        .out = request.places.out,
                        .directory = request.directory},
            .earlier = request.earlier_rows,
            .started_unix = request.end.started_unix
        };
        for (const Object& row : request.printed.value_or(std::vector<Object>()))
            reported.printed.push_back({.row = row});
        // Of a failed attempt there may be none, or none that can be read: then it failed.
        rows = rows_so_far(disk, reported).value_or(std::vector<Object>());
    }
    return find_hopeless(request.stops, rows);
}

void keep_artifacts(const FinishRequest& request, Cause cause, std::vector<std::string>& notes) {
    const AttemptPlaces& places = request.places;
    if (!has_entries(places.out)) return;
    Result<void> kept;
    if (places.out != places.lasting_out) {
        kept = make_folders(places.attempt_directory);
        if (kept) kept = move_folder(places.out, places.lasting_out);
    }
    if (kept && cause == Cause::none) kept = seal_artifacts(places.lasting_out);
    if (!kept) notes.push_back("its artifacts could not be kept: " + kept.error().message);
}

void keep_output(OutputStore& store, FinishRequest& request) {
    if (!request.has_output) return;
    auto location = store.store(request.output);
    if (location) {
        request.end.output = std::move(*location);
    } else {
        request.notes.push_back("its output could not be kept: " + location.error().message);
    }
}

std::string join(const std::string& message, const std::vector<std::string>& notes) {
    std::string text = message;
    for (const std::string& note : notes)
        text += (text.empty() ? "" : "; ") + note;
    return text;
}

}  // namespace

AttemptEnd finish_attempt(Disk& disk, OutputStore& store, FinishRequest request) {
    if (request.gang) hear_ranks(disk, request);
    const bool exited_well = request.facts.signal == 0 && request.facts.exit_code == 0;
    std::vector<Object> rows;
    if (exited_well) {
        auto collected = collect_rows(disk, request);
        request.facts.records_problem =
            collected ? check_rows(request.stage->records, *collected) : collected.error().message;
        if (collected) rows = std::move(*collected);
    }
    Judgement judgement = judge_exit(request.facts);
    if (const auto hopeless = judge_rows(disk, request, rows)) {
        rows.resize(hopeless->row + 1);
        judgement = {Cause::hopeless, hopeless->reason};
    }
    AttemptEnd& end = request.end;
    end.cause = judgement.cause;
    end.exit_code = request.facts.exit_code;
    end.signal = request.facts.signal;
    keep_artifacts(request, end.cause, request.notes);
    keep_output(store, request);
    if (is_outcome(end.cause)) {
        const AttemptPlaces& places = request.places;
        make_paths_relative(
            rows,
            {places.out, places.lasting_out, places.scratch, request.layout.root, request.directory}
        );
        end.rows = format_rows(rows);
        if (std::string note = note_not_finite(rows); !note.empty()) request.notes.push_back(note);
    } else {
        end.tail = last_lines(request.recent_output, tail_lines, tail_bytes);
    }
    if (auto cleared = clear_places(request.places); !cleared) {
        request.notes.push_back(cleared.error().message);
    }
    end.message = join(judgement.message, request.notes);
    return std::move(end);
}

}  // namespace xorch
