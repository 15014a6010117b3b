#include "jobs/beats/data/beat_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include "jobs/beats/data/beat_class.h"
#include "jobs/beats/data/beat_cutter.h"
#include "jobs/files/csv_rows.h"
#include "jobs/files/file_bytes.h"
#include "jobs/files/npy_array.h"
#include "jobs/files/npz_archive.h"

namespace xorch::beats {

namespace {

namespace fs = std::filesystem;

constexpr auto window_size = static_cast<std::size_t>(window_samples);
constexpr std::size_t records_max = 65535;  // that an index of 16 bits can tell apart
const std::vector<std::string> text_columns{"label", "record", "split"};

struct BeatRow {
    std::vector<double> samples;
    std::string label;
    std::string record;
    std::string split;
};

// Collects beats by split; their recordings are known by name until all are there.
class TableBuilder {
 public:
    Result<void> add(const BeatRow& row) {
        const auto beat_class = class_of_name(row.label);
        if (!beat_class) return wrong("no class, N, S, V, O or 0 to 3", row.label);
        const auto split = splits_.find(row.split);
        if (split == splits_.end()) {
            return wrong("no split, train, val or generalisation", row.split);
        }
        if (row.record.empty()) return wrong("no name of a recording", row.record);
        const auto finite = [](double sample) { return std::isfinite(sample); };
        if (!std::all_of(row.samples.begin(), row.samples.end(), finite)) {
            return fail(ErrorCode::invalid_input, "a sample that is not finite");
        }
        Part& part = split->second;
        const auto known = part.numbers.emplace(row.record, part.numbers.size()).first;
        if (known->second >= records_max) {
            return fail(ErrorCode::invalid_input, "too many recordings");
        }
        BeatSet& set = part.set;
        set.windows.resize(set.windows.size() + window_size);
        normalise_window(row.samples, std::span(set.windows).last(window_size));
        set.classes.push_back(static_cast<std::uint8_t>(*beat_class));
        set.record.push_back(static_cast<std::uint16_t>(known->second));
        return {};
    }

    Result<BeatSplits> finish() {
        for (Part* part : {&splits_["train"], &splits_["val"]}) {
            for (const auto& [record, number] : part->numbers) {
                if (splits_["generalisation"].numbers.count(record) == 0) continue;
                return wrong("to learn from and to generalise to", record);
            }
        }
        return BeatSplits{
            .train = take("train"), .val = take("val"), .generalisation = take("generalisation")};
    }

 private:
    struct Part {
        BeatSet set;
        std::map<std::string, std::size_t> numbers;  // of recordings, in the order they came
    };

    static tl::unexpected<Error> wrong(std::string_view what, const std::string& text) {
        return fail(ErrorCode::invalid_input, fmt::format("\"{}\": {}", text.substr(0, 40), what));
    }

    // Numbers recordings by their sorted names.
    BeatSet take(const std::string& name) {
        Part& part = splits_[name];
        std::vector<std::uint16_t> sorted(part.numbers.size());
        for (const auto& [record, number] : part.numbers) {
            sorted[number] = static_cast<std::uint16_t>(part.set.records.size());
            part.set.records.push_back(record);
        }
        for (std::uint16_t& number : part.set.record) {
            number = sorted[number];
        }
        return std::move(part.set);
    }

    std::map<std::string, Part> splits_{
        {"train",          {}},
        {"val",            {}},
        {"generalisation", {}}
    };
};

bool parse_samples(const std::vector<std::string>& cells, std::vector<double>& samples) {
    samples.resize(window_size);
    for (std::size_t i = 0; i < window_size; ++i) {
        const std::string& cell = cells[i];
        const char* end = cell.data() + cell.size();
        const auto parsed = std::from_chars(cell.data(), end, samples[i]);
        if (parsed.ec != std::errc{} || parsed.ptr != end) return false;
    }
    return true;
}

// Samples come first; the three texts behind them are found by name.
Result<std::vector<std::size_t>> places_of_texts(const std::vector<std::string>& header) {
    if (header.size() != window_size + text_columns.size()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{} columns, not {} samples, label, record, split", header.size(), window_size
            )
        );
    }
    std::vector<std::size_t> places;
    for (const std::string& column : text_columns) {
        const auto found = std::find(header.begin() + window_samples, header.end(), column);
        if (found == header.end()) {
            return fail(ErrorCode::invalid_input, "no column " + column + " behind the samples");
        }
        places.push_back(static_cast<std::size_t>(found - header.begin()));
    }
    return places;
}

Result<BeatSplits> read_csv(std::string_view text) {
    CsvRows rows(text);
    std::vector<std::string> cells;
    const auto first = rows.next(cells);
    if (!first) return tl::unexpected(first.error());
    const auto places = places_of_texts(cells);
    if (!places) return tl::unexpected(places.error());
    TableBuilder builder;
    BeatRow row;
    while (true) {
        const auto more = rows.next(cells);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return builder.finish();
        const std::string line = fmt::format("line {}", rows.line());
        if (cells.size() != window_size + text_columns.size()) {
            return fail(ErrorCode::invalid_input, fmt::format("{}: {} cells", line, cells.size()));
        }
        if (!parse_samples(cells, row.samples)) {
            return fail(ErrorCode::invalid_input, line + ": a sample that is no number");
        }
        row.label = cells[(*places)[0]];
        row.record = cells[(*places)[1]];
        row.split = cells[(*places)[2]];
        if (auto ok = builder.add(row); !ok) return fail_with_context(ok.error(), line);
    }
}

using Arrays = std::map<std::string, std::string>;  // bytes of .npy files

Result<NpyView> view_array(const Arrays& arrays, const std::string& name) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) return fail(ErrorCode::invalid_input, "no array " + name);
    auto array = view_npy(found->second);
    if (!array) return fail_with_context(array.error(), name);
    return array;
}

Result<BeatSplits> read_arrays(const Arrays& arrays) {
    const auto windows = view_array(arrays, "x");
    if (!windows) return tl::unexpected(windows.error());
    const NpyNumber number = npy_number(windows->type);
    if (number == nullptr || windows->column_order || windows->shape.size() != 2 ||
        windows->shape[1] != window_size) {
        return fail(ErrorCode::invalid_input, "x: no numbers of shape (beats, 360) in row order");
    }
    const std::size_t beats = windows->shape[0];
    std::vector<std::vector<std::string>> texts;
    for (const std::string& name : text_columns) {
        const auto array = view_array(arrays, name);
        if (!array) return tl::unexpected(array.error());
        auto read = npy_texts(*array);
        if (!read) return fail_with_context(read.error(), name);
        if (read->size() != beats) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("{}: {} entries for {} beats", name, read->size(), beats)
            );
        }
        texts.push_back(std::move(*read));
    }
    TableBuilder builder;
    BeatRow row;
    row.samples.resize(window_size);
    for (std::size_t beat = 0; beat < beats; ++beat) {
        for (std::size_t i = 0; i < window_size; ++i) {
            const std::size_t at = (beat * window_size + i) * windows->element_bytes;
            row.samples[i] = number(windows->data.data() + at);
        }
        row.label = texts[0][beat];
        row.record = texts[1][beat];
        row.split = texts[2][beat];
        auto ok = builder.add(row);
        if (!ok) return fail_with_context(ok.error(), fmt::format("beat {}", beat));
    }
    return builder.finish();
}

Result<BeatSplits> read_npy_files(const std::string& folder) {
    Arrays arrays;
    for (const std::string name : {"x", "label", "record", "split"}) {
        const std::string path = folder + "/" + name + ".npy";
        auto bytes = read_bytes(path);
        if (!bytes) return fail_with_context(bytes.error(), path);
        arrays[name] = std::move(*bytes);
    }
    auto beats = read_arrays(arrays);
    if (!beats) return fail_with_context(beats.error(), folder);
    return beats;
}

Result<BeatSplits> read_table_file(const std::string& path) {
    const auto bytes = read_bytes(path);
    if (!bytes) return tl::unexpected(bytes.error());
    if (fs::path(path).extension() == ".csv") return read_csv(*bytes);
    const auto arrays = read_npz(*bytes);
    if (!arrays) return tl::unexpected(arrays.error());
    return read_arrays(*arrays);
}

bool is_there(const std::string& path) {
    std::error_code ignored;  // what cannot be looked at is not there for us
    return fs::exists(path, ignored);
}

// Empty where there is none.
std::string table_file(const std::string& folder) {
    for (const std::string name : {"/beats.csv", "/beats.npz"}) {
        if (is_there(folder + name)) return folder + name;
    }
    return {};
}

}  // namespace

bool has_beat_table(const std::string& folder) {
    return !table_file(folder).empty() || is_there(folder + "/x.npy");
}

Result<BeatSplits> read_beat_table(const std::string& folder) {
    const std::string path = table_file(folder);
    if (path.empty()) return read_npy_files(folder);
    auto beats = read_table_file(path);
    if (!beats) return fail_with_context(beats.error(), path);
    return beats;
}

}  // namespace xorch::beats
