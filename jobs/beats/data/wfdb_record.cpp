#include "jobs/beats/data/wfdb_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "jobs/beats/data/wfdb_samples.h"
#include "jobs/files/file_bytes.h"

namespace xorch::beats {

namespace {

// Signals that take turns in one file: those from `first` on, before `end`.
struct SignalGroup {
    std::size_t first = 0;
    std::size_t end = 0;

    std::size_t size() const { return end - first; }
};

SignalGroup group_from(const WfdbHeader& header, std::size_t first) {
    SignalGroup group{.first = first, .end = first + 1};
    while (group.end < header.signals.size() &&
           header.signals[group.end].file == header.signals[first].file) {
        ++group.end;
    }
    return group;
}

Result<void> check_group(const WfdbHeader& header, const SignalGroup& group) {
    const WfdbSignal& first = header.signals[group.first];
    for (std::size_t i = group.first; i < header.signals.size(); ++i) {
        const WfdbSignal& signal = header.signals[i];
        if (i >= group.end) {
            if (signal.file != first.file) continue;
            return fail(ErrorCode::invalid_input, "its signals are not listed one after another");
        }
        if (signal.format != first.format || signal.offset != first.offset) {
            return fail(ErrorCode::invalid_input, "its signals differ in format or offset");
        }
    }
    return {};
}

Result<void> check_sum(const WfdbSignal& signal, const std::vector<std::int16_t>& samples) {
    if (!signal.checksum) return {};
    const std::int32_t sum = wfdb_checksum(samples);
    // Some writers keep the sum without its sign.
    if ((sum & 0xffff) == (*signal.checksum & 0xffff)) return {};
    return fail(
        ErrorCode::corrupted,
        fmt::format(
            "the samples of lead \"{}\" sum up to {}, not to {} as the header says",
            signal.lead,
            sum,
            *signal.checksum
        )
    );
}

// Appends the signals of the group.
Result<void> read_group(const std::string& path, const SignalGroup& group, WfdbRecord& record) {
    if (auto ok = check_group(record.header, group); !ok) return ok;
    const WfdbSignal& first = record.header.signals[group.first];
    const auto bytes = read_bytes(path);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string_view packed =
        std::string_view(*bytes).substr(std::min(first.offset, bytes->size()));
    const std::size_t there = wfdb_samples(first.format, packed.size()) / group.size();
    const std::size_t wanted = record.header.samples.value_or(there);
    if (there < wanted) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("{} samples of each signal, not {} as the header says", there, wanted)
        );
    }
    const auto together = decode_wfdb(first.format, packed, wanted * group.size());
    for (std::size_t i = 0; i < group.size(); ++i) {
        std::vector<std::int16_t> samples(wanted);
        for (std::size_t at = 0; at < wanted; ++at) {
            samples[at] = together[at * group.size() + i];
        }
        auto summed = check_sum(record.header.signals[group.first + i], samples);
        if (!summed) return summed;
        record.signals.push_back(std::move(samples));
    }
    // Where the header leaves it open, the first file decides.
    record.header.samples = wanted;
    return {};
}

Result<void> put_file(const std::string& path, std::string_view bytes) {
    auto written = write_bytes(path, {bytes});
    if (!written) return fail_with_context(written.error(), path);
    return {};
}

}  // namespace

Result<WfdbRecord> read_wfdb(const std::string& folder, const std::string& name) {
    const std::string stem = folder + "/" + name;
    const auto text = read_bytes(stem + ".hea");
    if (!text) return fail_with_context(text.error(), stem + ".hea");
    auto header = parse_wfdb_header(*text);
    if (!header) return fail_with_context(header.error(), stem + ".hea");
    WfdbRecord record{.header = std::move(*header), .signals = {}, .annotations = {}};
    for (std::size_t first = 0; first < record.header.signals.size();) {
        const SignalGroup group = group_from(record.header, first);
        const std::string path = folder + "/" + record.header.signals[first].file;
        auto read = read_group(path, group, record);
        if (!read) return fail_with_context(read.error(), path);
        first = group.end;
    }
    const auto bytes = read_bytes(stem + ".atr");
    if (!bytes) return fail_with_context(bytes.error(), stem + ".atr");
    auto annotations = parse_wfdb_annotations(*bytes);
    if (!annotations) return fail_with_context(annotations.error(), stem + ".atr");
    record.annotations = std::move(*annotations);
    return record;
}

Result<void> write_wfdb(const std::string& folder, WfdbRecord record) {
    WfdbHeader& header = record.header;
    const std::string stem = folder + "/" + header.record;
    const std::size_t samples = record.signals.empty() ? 0 : record.signals[0].size();
    std::vector<std::int16_t> together;
    together.reserve(samples * record.signals.size());
    for (std::size_t at = 0; at < samples; ++at) {
        for (const std::vector<std::int16_t>& signal : record.signals) {
            together.push_back(signal[at]);
        }
    }
    header.samples = samples;
    for (std::size_t i = 0; i < record.signals.size(); ++i) {
        header.signals[i].file = header.record + ".dat";
        header.signals[i].format = header.signals[0].format;
        header.signals[i].first_sample = samples == 0 ? 0 : record.signals[i][0];
        header.signals[i].checksum = wfdb_checksum(record.signals[i]);
    }
    if (!record.signals.empty()) {
        const std::string packed = encode_wfdb(header.signals[0].format, together);
        if (auto ok = put_file(stem + ".dat", packed); !ok) return ok;
    }
    auto marked = put_file(stem + ".atr", format_wfdb_annotations(record.annotations));
    if (!marked) return marked;
    return put_file(stem + ".hea", format_wfdb_header(header));
}

std::vector<std::string> list_wfdb(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".hea") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace xorch::beats
