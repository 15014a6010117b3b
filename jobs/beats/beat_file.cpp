#include "jobs/beats/beat_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>

#include "core/json.h"
#include "jobs/files/file_bytes.h"
#include "jobs/files/npy_array.h"

namespace xorch::beats {

namespace {

constexpr auto window_size = static_cast<std::size_t>(window_samples);
constexpr std::int64_t format_version = 1;

template <class T>
constexpr std::string_view npy_type_of;
template <>
constexpr std::string_view npy_type_of<float> = "<f4";
template <>
constexpr std::string_view npy_type_of<std::uint8_t> = "|u1";
template <>
constexpr std::string_view npy_type_of<std::uint16_t> = "<u2";

using Shape = std::vector<std::size_t>;

template <class T>
Result<void> write_array(
    const std::string& path, const std::vector<T>& values, const Shape& shape
) {
    std::string_view bytes;
    if (!values.empty()) {
        bytes = {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
    }
    auto written = write_bytes(path, {npy_header(npy_type_of<T>, shape), bytes});
    if (!written) return fail_with_context(written.error(), path);
    return {};
}

template <class T>
Result<std::vector<T>> read_array(const std::string& path, const Shape& shape) {
    const auto bytes = read_bytes(path);
    if (!bytes) return fail_with_context(bytes.error(), path);
    const auto array = view_npy(*bytes);
    if (!array) return fail_with_context(array.error(), path);
    if (array->type != npy_type_of<T> || array->column_order || array->shape != shape) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("{}: another type or shape than beats.json says", path)
        );
    }
    std::vector<T> values(array->count());
    if (!values.empty()) std::memcpy(values.data(), array->data.data(), array->data.size());
    return values;
}

Result<void> check_set(const BeatSet& set, const std::string& name) {
    const auto wrong = [&name](std::string_view what) {
        return fail(ErrorCode::corrupted, fmt::format("split {}: {}", name, what));
    };
    const auto not_in_range = [](float value) { return !(value >= -1.0F && value <= 1.0F); };
    const auto no_class = [](std::uint8_t index) { return index >= class_count; };
    const std::size_t records = set.records.size();
    const auto no_record = [records](std::uint16_t index) { return index >= records; };
    if (std::any_of(set.windows.begin(), set.windows.end(), not_in_range)) {
        return wrong("a sample that is not in [-1, 1]");
    }
    if (std::any_of(set.classes.begin(), set.classes.end(), no_class)) {
        return wrong("a class that there is not");
    }
    if (std::any_of(set.record.begin(), set.record.end(), no_record)) {
        return wrong("a beat of a recording without a name");
    }
    const auto unsorted =
        std::adjacent_find(set.records.begin(), set.records.end(), std::greater_equal<>());
    if (unsorted != set.records.end()) return wrong("names of recordings are not sorted");
    return {};
}

Result<void> write_set(const std::string& stem, const BeatSet& set) {
    const std::size_t beats = set.size();
    auto windows = write_array(stem + "_windows.npy", set.windows, {beats, window_size});
    if (!windows) return windows;
    auto classes = write_array(stem + "_classes.npy", set.classes, {beats});
    if (!classes) return classes;
    return write_array(stem + "_record.npy", set.record, {beats});
}

Object describe(const BeatSet& set) {
    Array records;
    for (const std::string& name : set.records) {
        records.emplace_back(name);
    }
    return {
        {"beats",   static_cast<std::int64_t>(set.size())},
        {"records", std::move(records)                   }
    };
}

Result<BeatSet> read_set(const std::string& stem, const std::string& name, const Value& described) {
    const Value* beats = described.find("beats");
    const Value* records = described.find("records");
    const auto* count = beats == nullptr ? nullptr : beats->get_if<std::int64_t>();
    const auto* names = records == nullptr ? nullptr : records->get_if<Array>();
    if (count == nullptr || *count < 0 || names == nullptr) {
        return fail(ErrorCode::corrupted, "split " + name + ": without beats or records");
    }
    BeatSet set;
    for (const Value& value : *names) {
        const auto* text = value.get_if<std::string>();
        if (text == nullptr) {
            return fail(ErrorCode::corrupted, "split " + name + ": a recording's name is no text");
        }
        set.records.push_back(*text);
    }
    const auto size = static_cast<std::size_t>(*count);
    auto windows = read_array<float>(stem + "_windows.npy", {size, window_size});
    if (!windows) return tl::unexpected(windows.error());
    set.windows = std::move(*windows);
    auto classes = read_array<std::uint8_t>(stem + "_classes.npy", {size});
    if (!classes) return tl::unexpected(classes.error());
    set.classes = std::move(*classes);
    auto record = read_array<std::uint16_t>(stem + "_record.npy", {size});
    if (!record) return tl::unexpected(record.error());
    set.record = std::move(*record);
    if (auto ok = check_set(set, name); !ok) return tl::unexpected(ok.error());
    return set;
}

struct NamedSet {
    std::string name;
    BeatSet BeatSplits::*set;
};

const NamedSet named_sets[] = {
    {"train",          &BeatSplits::train         },
    {"val",            &BeatSplits::val           },
    {"generalisation", &BeatSplits::generalisation}
};

}  // namespace

Result<BeatSplits> read_beats(const std::string& folder) {
    const std::string path = folder + "/beats.json";
    const auto text = read_bytes(path);
    if (!text) return fail_with_context(text.error(), path);
    const auto json = parse_json(*text);
    if (!json) return fail_with_context(json.error(), path);
    const Value* version = json->find("format");
    if (version == nullptr || *version != Value(format_version)) {
        return fail(ErrorCode::invalid_input, path + ": not of the format that this program reads");
    }
    const Value* splits = json->find("splits");
    BeatSplits beats;
    for (const auto& [name, set] : named_sets) {
        const Value* described = splits == nullptr ? nullptr : splits->find(name);
        if (described == nullptr) {
            return fail(ErrorCode::corrupted, fmt::format("{}: without split {}", path, name));
        }
        auto read = read_set(folder + "/" + name, name, *described);
        if (!read) return fail_with_context(read.error(), "reading beats in " + folder);
        beats.*set = std::move(*read);
    }
    return beats;
}

Result<void> write_beats(const std::string& folder, const BeatSplits& beats) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_from_errno("making " + folder, error.value());
    Object splits;
    for (const auto& [name, set] : named_sets) {
        if (auto written = write_set(folder + "/" + name, beats.*set); !written) return written;
        splits.emplace_back(name, describe(beats.*set));
    }
    Array classes;
    for (const std::string_view name : class_names) {
        classes.emplace_back(name);
    }
    const Value json(Object{
        {"format",         format_version              },
        {"window_samples", std::int64_t{window_samples}},
        {"classes",        std::move(classes)          },
        {"splits",         std::move(splits)           }
    });
    const std::string path = folder + "/beats.json";
    auto written = write_bytes(path, {format_json_pretty(json)});
    if (!written) return fail_with_context(written.error(), path);
    return {};
}

}  // namespace xorch::beats
