#include "coordinator/report/tables/tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/tables/record_sink.h"
#include "coordinator/report/tables/record_table.h"
#include "coordinator/report/tables/summary.h"
#include "coordinator/report/text.h"

namespace xorch {

namespace {

using Fill = std::function<Result<void>(const ByteSink&)>;

// Readers that come from a crash in the middle may be there twice; the name says whose it is.
std::string temporary_name(const std::string& path) {
    return path + ".part";
}

Result<void> remove_if_there(Disk& disk, const std::string& path) {
    const auto exists = disk.exists(path);
    if (!exists) return tl::unexpected(exists.error());
    return *exists ? disk.remove(path) : Result<void>();
}

// Creates a file of that name and lets `fill` append to it; the caller renames it.
Result<void> write_part(Disk& disk, const std::string& path, const Fill& fill) {
    const std::string part = temporary_name(path);
    if (auto removed = remove_if_there(disk, part); !removed) return removed;
    auto file = disk.create(part);
    if (!file) return tl::unexpected(file.error());
    AppendFile& out = **file;
    auto filled = fill([&out](std::string_view bytes) { return out.append(bytes); });
    return filled ? out.sync() : filled;
}

Result<void> write_records(const SweepReader& sweep, StageIndex stage, const ByteSink& out) {
    auto table = RecordTable::open(sweep, stage);
    if (!table) return tl::unexpected(table.error());
    const auto sink = make_record_sink(RecordFormat::tsv, out);
    if (auto begun = sink->begin(table->columns()); !begun) return begun;
    const auto add = [&](const TableRow& row) { return sink->add(row.cells); };
    if (auto visited = table->visit(add); !visited) return visited;
    return sink->end();
}

// Gives the finished part its name, which nobody else has: a link instead of a rename fails where
// the name is taken.
Result<std::string> publish_stamped(
    Disk& disk, const std::string& part, const std::string& stem, const std::string& extension
) {
    // More tables within one second than this is a loop, not a person.
    constexpr int names_max = 1000;
    for (int i = 1; i <= names_max; ++i) {
        const std::string suffix = i == 1 ? "" : fmt::format("-{}", i);
        const std::string path = stem + suffix + extension;
        const auto linked = disk.link(part, path);
        if (!linked) return tl::unexpected(linked.error());
        if (!*linked) continue;
        if (auto removed = disk.remove(part); !removed) return tl::unexpected(removed.error());
        return path;
    }
    return fail(ErrorCode::conflict, fmt::format("{}{} and its successors exist", stem, extension));
}

bool has_final_units(const StageState& stage) {
    return stage.in(UnitPhase::done) + stage.in(UnitPhase::failed) +
               stage.in(UnitPhase::cancelled) + stage.in(UnitPhase::hopeless) >
           0;
}

// A new file under a name of its own, with what `fill` appends.
Result<std::string> write_stamped(
    Disk& disk, const std::string& stem, const std::string& extension, const Fill& fill
) {
    if (auto part = write_part(disk, stem, fill); !part) {
        return fail_with_context(part.error(), "writing " + stem + extension);
    }
    return publish_stamped(disk, temporary_name(stem), stem, extension);
}

// Replaces the file by what `fill` appends, as a whole or not at all.
Result<void> write_newest(Disk& disk, const std::string& path, const Fill& fill) {
    auto written = write_part(disk, path, fill);
    if (written) written = disk.rename(temporary_name(path), path);
    return written ? written : fail_with_context(written.error(), "writing " + path);
}

Result<void> copy_bytes(Disk& disk, const std::string& path, const ByteSink& out) {
    constexpr std::uint64_t chunk = 1U << 20U;
    for (std::uint64_t at = 0;; at += chunk) {
        const auto bytes = disk.read_range(path, at, chunk);
        if (!bytes) return tl::unexpected(bytes.error());
        if (auto written = out(*bytes); !written) return written;
        if (bytes->size() < chunk) return {};
    }
}

std::string newest_records(const SweepReader& sweep) {
    return sweep.layout().root + "/records.tsv";
}

std::string newest_summary(const SweepReader& sweep) {
    return sweep.layout().root + "/summary.json";
}

Fill records_of(const SweepReader& sweep, StageIndex stage) {
    return [&sweep, stage](const ByteSink& out) { return write_records(sweep, stage, out); };
}

}  // namespace

Result<void> write_newest_tables(const SweepReader& sweep) {
    const Fill records = records_of(sweep, summary_stage(sweep.plan()));
    auto written = write_newest(sweep.disk(), newest_records(sweep), records);
    if (!written) return written;
    const auto summary = make_summary(sweep);
    if (!summary) return fail_with_context(summary.error(), "summarising");
    return write_file_atomically(
        sweep.disk(), newest_summary(sweep), format_summary_json(*summary)
    );
}

Result<WrittenTables> write_stamped_tables(const SweepReader& sweep, const std::string& stamp) {
    Disk& disk = sweep.disk();
    const std::string& root = sweep.layout().root;
    const StageIndex summarised = summary_stage(sweep.plan());
    WrittenTables written;
    Fill newest = records_of(sweep, summarised);
    for (std::uint32_t i = 0; i < sweep.plan().stage_count(); ++i) {
        const StageIndex stage{i};
        if (!has_final_units(sweep.state().stage(stage))) continue;
        const std::string stem =
            fmt::format("{}/records_{}_{}", root, sweep.plan().stage(stage).name, stamp);
        auto path = write_stamped(disk, stem, ".tsv", records_of(sweep, stage));
        if (!path) return tl::unexpected(path.error());
        if (stage == summarised) {
            newest = [&disk, from = *path](const ByteSink& out) {
                return copy_bytes(disk, from, out);
            };
        }
        written.files.push_back(*std::move(path));
    }
    if (auto copied = write_newest(disk, newest_records(sweep), newest); !copied) {
        return tl::unexpected(copied.error());
    }
    auto summary = make_summary(sweep);
    if (!summary) return fail_with_context(summary.error(), "summarising");
    written.summary = *std::move(summary);
    const std::string json = format_summary_json(written.summary);
    const Fill all = [&json](const ByteSink& out) { return out(json); };
    auto path = write_stamped(disk, fmt::format("{}/summary_{}", root, stamp), ".json", all);
    if (!path) return tl::unexpected(path.error());
    written.files.push_back(*std::move(path));
    if (auto copied = write_newest(disk, newest_summary(sweep), all); !copied) {
        return tl::unexpected(copied.error());
    }
    return written;
}

std::string format_stamp(Millis unix) {
    // "2026-11-21T09:05:07Z" without its punctuation.
    std::string digits = format_utc(unix);
    digits.erase(
        std::remove_if(digits.begin(), digits.end(), [](char c) { return c < '0' || c > '9'; }),
        digits.end()
    );
    return digits.empty() ? digits : digits.substr(0, 8) + "_" + digits.substr(8);
}

}  // namespace xorch
