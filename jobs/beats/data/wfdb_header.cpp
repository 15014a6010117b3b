#include "jobs/beats/data/wfdb_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace xorch::beats {

namespace {

constexpr double default_gain = 200.0;  // of a signal without one, or with 0: not calibrated
constexpr std::size_t signals_max = 256;
constexpr std::size_t samples_max = 1'000'000'000;  // a month at 360 Hz; a file holds far less
constexpr std::size_t offset_max = 1'000'000'000;
constexpr double rate_max = 1e6;

constexpr std::string_view blanks = " \t\r";

// Takes the next word off the front; empty at the end of the line.
std::string_view take_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T number{};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

tl::unexpected<Error> wrong(std::string_view what, std::string_view text) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: \"{}\"", what, text.substr(0, 40)));
}

// An optional word; false if it is there and no number.
bool read_optional(std::string_view word, std::int32_t& number) {
    if (word.empty()) return true;
    const auto parsed = parse_number<std::int32_t>(word);
    if (parsed) number = *parsed;
    return parsed.has_value();
}

// "360", "360/360", "360/360(0)": only the first number is of interest.
Result<void> parse_rate(std::string_view word, WfdbHeader& header) {
    if (word.empty()) return {};
    const auto rate = parse_number<double>(word.substr(0, word.find('/')));
    if (!rate || !(*rate > 0.0) || *rate > rate_max) return wrong("no sampling frequency", word);
    header.rate = *rate;
    return {};
}

// Returns how many signals follow.
Result<std::size_t> parse_record_line(std::string_view line, WfdbHeader& header) {
    const std::string_view name = take_word(line);
    if (name.find('/') != std::string_view::npos) {
        return wrong("a recording in segments, which must be joined first", name);
    }
    header.record = name;
    const std::string_view signals = take_word(line);
    const auto count = parse_number<std::size_t>(signals);
    if (!count || *count > signals_max) return wrong("no number of signals", signals);
    if (auto ok = parse_rate(take_word(line), header); !ok) return tl::unexpected(ok.error());
    const std::string_view samples = take_word(line);
    if (samples.empty()) return *count;
    const auto per_signal = parse_number<std::size_t>(samples);
    if (!per_signal || *per_signal > samples_max) return wrong("no number of samples", samples);
    if (*per_signal > 0) header.samples = *per_signal;
    return *count;
}

// "212", "212x1", "212:0+24"
Result<void> parse_format(std::string_view word, WfdbSignal& signal) {
    const std::size_t end = std::min(word.find_first_of("x:+"), word.size());
    const std::string_view number = word.substr(0, end);
    if (number == "212") {
        signal.format = WfdbFormat::packed_12;
    } else if (number == "16") {
        signal.format = WfdbFormat::plain_16;
    } else {
        return wrong("a format of samples other than 212 and 16", word);
    }
    std::string_view rest = word.substr(end);
    while (!rest.empty()) {
        const char kind = rest[0];
        rest.remove_prefix(1);
        const std::size_t next = std::min(rest.find_first_of("x:+"), rest.size());
        const auto value = parse_number<std::size_t>(rest.substr(0, next));
        if (!value || *value > offset_max) return wrong("a damaged format of samples", word);
        if (kind == 'x' && *value != 1) return wrong("several samples per frame", word);
        if (kind == ':' && *value != 0) return wrong("a signal with a skew", word);
        if (kind == '+') signal.offset = *value;
        rest.remove_prefix(next);
    }
    return {};
}

// "200", "200(1024)", "200/mV", "200(1024)/mV". Returns whether it has the baseline.
Result<bool> parse_gain(std::string_view word, WfdbSignal& signal) {
    if (word.empty()) return false;
    std::string_view rest = word;
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos) {
        signal.unit = rest.substr(slash + 1);
        rest = rest.substr(0, slash);
    }
    bool has_baseline = false;
    const std::size_t open = rest.find('(');
    if (open != std::string_view::npos) {
        const std::string_view inside = rest.substr(open + 1);
        if (inside.empty() || inside.back() != ')') return wrong("a damaged gain", word);
        const auto baseline = parse_number<std::int32_t>(inside.substr(0, inside.size() - 1));
        if (!baseline) return wrong("a damaged baseline", word);
        signal.baseline = *baseline;
        has_baseline = true;
        rest = rest.substr(0, open);
    }
    const auto gain = parse_number<double>(rest);
    if (!gain || !std::isfinite(*gain)) return wrong("a damaged gain", word);
    signal.gain = *gain == 0.0 ? default_gain : *gain;
    return has_baseline;
}

Result<WfdbSignal> parse_signal_line(std::string_view line) {
    WfdbSignal signal;
    signal.file = take_word(line);
    // "-" is standard input, "~" a signal without a file; a path could lead anywhere.
    if (signal.file == "-" || signal.file == "~" || signal.file == ".." ||
        signal.file.find('/') != std::string::npos) {
        return wrong("not a file beside the header", signal.file);
    }
    if (auto ok = parse_format(take_word(line), signal); !ok) return tl::unexpected(ok.error());
    const auto has_baseline = parse_gain(take_word(line), signal);
    if (!has_baseline) return tl::unexpected(has_baseline.error());
    const bool numbers = read_optional(take_word(line), signal.resolution) &&
                         read_optional(take_word(line), signal.zero);
    signal.first_sample = signal.zero;
    const std::string_view first = take_word(line);
    const std::string_view checksum = take_word(line);
    std::int32_t sum = 0;
    std::int32_t block_size = 0;
    if (!numbers || !read_optional(first, signal.first_sample) || !read_optional(checksum, sum) ||
        !read_optional(take_word(line), block_size)) {
        return fail(
            ErrorCode::invalid_input,
            "resolution, zero, first sample, checksum or block size is no number"
        );
    }
    if (!checksum.empty()) signal.checksum = sum;
    if (!*has_baseline) signal.baseline = signal.zero;
    signal.lead = trimmed(line);
    return signal;
}

}  // namespace

Result<WfdbHeader> parse_wfdb_header(std::string_view text) {
    WfdbHeader header;
    std::optional<std::size_t> signals;
    int number = 0;
    const auto in_line = [&number](const Error& error) {
        return fail_with_context(error, fmt::format("line {}", number));
    };
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        if (line[0] == '#') {
            header.comments.emplace_back(trimmed(line.substr(1)));
        } else if (!signals) {
            const auto count = parse_record_line(line, header);
            if (!count) return in_line(count.error());
            signals = *count;
        } else if (header.signals.size() == *signals) {
            return in_line(Error{ErrorCode::invalid_input, "more signals than the first line says"}
            );
        } else {
            auto signal = parse_signal_line(line);
            if (!signal) return in_line(signal.error());
            header.signals.push_back(std::move(*signal));
        }
    }
    if (!signals) return fail(ErrorCode::invalid_input, "an empty header");
    if (header.signals.size() < *signals) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{} signals, of which {} are described", *signals, header.signals.size())
        );
    }
    return header;
}

std::string format_wfdb_header(const WfdbHeader& header) {
    std::string text = fmt::format("{} {} {}", header.record, header.signals.size(), header.rate);
    if (header.samples) text += fmt::format(" {}", *header.samples);
    text += '\n';
    for (const WfdbSignal& signal : header.signals) {
        text += fmt::format("{} {}", signal.file, static_cast<int>(signal.format));
        if (signal.offset > 0) text += fmt::format("+{}", signal.offset);
        text += fmt::format(" {}", signal.gain);
        if (signal.baseline != signal.zero) text += fmt::format("({})", signal.baseline);
        if (!signal.unit.empty()) text += '/' + signal.unit;
        text += fmt::format(" {} {} {}", signal.resolution, signal.zero, signal.first_sample);
        if (signal.checksum) text += fmt::format(" {} 0", *signal.checksum);
        if (signal.checksum && !signal.lead.empty()) text += ' ' + signal.lead;
        text += '\n';
    }
    for (const std::string& comment : header.comments) {
        text += "# " + comment + '\n';
    }
    return text;
}

}  // namespace xorch::beats
