#include "jobs/beats/data/beat_cutter.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_class.h"
#include "jobs/beats/data/wfdb_samples.h"
#include "jobs/random/random_stream.h"

namespace xorch::beats {

namespace {

constexpr double rate = 360.0;       // of the MIT-BIH recordings; windows are one second of it
constexpr double flat_below = 1e-6;  // mV: far below the step of any converter
constexpr auto window_size = static_cast<std::size_t>(window_samples);

// Newer files may count time in other steps than samples, and say so in a note at the beginning.
constexpr std::string_view resolution_note = "## time resolution: ";

Result<void> check_rate(const WfdbRecord& record) {
    if (record.header.rate != rate) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("recorded at {} Hz, not at {}", record.header.rate, rate)
        );
    }
    for (const WfdbAnnotation& annotation : record.annotations) {
        if (annotation.time > 0) break;
        if (annotation.text.rfind(resolution_note, 0) != 0) continue;
        const std::string steps = annotation.text.substr(resolution_note.size());
        if (std::atof(steps.c_str()) == rate) continue;
        return fail(ErrorCode::invalid_input, "annotated in steps of another rate: " + steps);
    }
    return {};
}

// As many as there are where it is not there.
std::size_t find_lead(const WfdbHeader& header, const CutOptions& options) {
    const std::size_t count = header.signals.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (header.signals[i].lead == options.lead) return i;
    }
    return options.first_lead_instead ? 0 : count;
}

class Cutter {
 public:
    Cutter(const WfdbSignal& signal, const std::vector<std::int16_t>& samples)
        : signal_(signal), samples_(samples), no_sample_(wfdb_no_sample(signal.format)) {}

    // Adds the beat, or counts why not.
    void cut(std::int64_t time, int beat_class, CutBeats& beats) {
        constexpr std::int64_t half = window_samples / 2;
        const auto length = static_cast<std::int64_t>(samples_.size());
        if (time < half || time + half > length) {
            ++beats.tally.at_the_ends;
            return;
        }
        const auto first = samples_.begin() + static_cast<std::ptrdiff_t>(time - half);
        if (std::find(first, first + window_samples, no_sample_) != first + window_samples) {
            ++beats.tally.not_measured;
            return;
        }
        std::array<double, window_size> volts{};
        std::transform(first, first + window_samples, volts.begin(), [this](std::int16_t sample) {
            return (sample - signal_.baseline) / signal_.gain;
        });
        beats.windows.resize(beats.windows.size() + window_size);
        normalise_window(volts, std::span(beats.windows).last(window_size));
        beats.classes.push_back(static_cast<std::uint8_t>(beat_class));
    }

 private:
    const WfdbSignal& signal_;
    const std::vector<std::int16_t>& samples_;
    std::int16_t no_sample_;
};

}  // namespace

void normalise_window(std::span<const double> samples, std::span<float> normalised) {
    double sum = 0.0;
    for (const double sample : samples) {
        sum += sample;
    }
    const double mean = samples.empty() ? 0.0 : sum / static_cast<double>(samples.size());
    double greatest = 0.0;
    for (const double sample : samples) {
        greatest = std::max(greatest, std::abs(sample - mean));
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double value = greatest < flat_below ? 0.0 : (samples[i] - mean) / greatest;
        normalised[i] = static_cast<float>(std::clamp(value, -1.0, 1.0));
    }
}

Result<CutBeats> cut_beats(const WfdbRecord& record, const CutOptions& options) {
    if (auto ok = check_rate(record); !ok) return tl::unexpected(ok.error());
    CutBeats beats;
    beats.record = record.header.record;
    beats.tally.annotations = static_cast<std::int64_t>(record.annotations.size());
    const std::size_t lead = find_lead(record.header, options);
    if (lead >= record.signals.size()) return beats;
    beats.lead = record.header.signals[lead].lead;
    Cutter cutter(record.header.signals[lead], record.signals[lead]);
    constexpr int other = class_count - 1;
    for (const WfdbAnnotation& annotation : record.annotations) {
        const char symbol = wfdb_symbol(annotation.code);
        const auto beat_class = class_of_symbol(symbol);
        if (symbol == '/' || symbol == 'f') ++beats.tally.paced;
        if (!beat_class) ++beats.tally.marks;
        if (!beat_class && !options.marks_as_other) continue;
        cutter.cut(annotation.time, beat_class.value_or(other), beats);
    }
    return beats;
}

void keep_beats(CutBeats& beats, std::size_t count, std::uint64_t seed) {
    const std::size_t all = beats.classes.size();
    if (all <= count) return;
    RandomStream random(seed, "beats.keep/" + beats.record);
    std::vector<std::size_t> kept = random.sample(all, count);
    std::sort(kept.begin(), kept.end());
    for (std::size_t to = 0; to < count; ++to) {
        const auto from =
            beats.windows.begin() + static_cast<std::ptrdiff_t>(kept[to] * window_size);
        // Never to the right, so that nothing is overwritten before it is moved.
        std::copy_n(
            from, window_size, beats.windows.begin() + static_cast<std::ptrdiff_t>(to * window_size)
        );
        beats.classes[to] = beats.classes[kept[to]];
    }
    beats.windows.resize(count * window_size);
    beats.classes.resize(count);
    beats.tally.over_the_limit += static_cast<std::int64_t>(all - count);
}

}  // namespace xorch::beats
