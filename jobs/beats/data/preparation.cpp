#include "jobs/beats/data/preparation.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "jobs/beats/checks.h"
#include "jobs/beats/data/beat_table.h"
#include "jobs/beats/data/patient_split.h"
#include "jobs/beats/data/synthetic.h"

namespace xorch::beats {

namespace {

bool contains(const std::vector<std::string_view>& sorted, std::string_view name) {
    return std::binary_search(sorted.begin(), sorted.end(), name);
}

// Where recordings come from, one at a time: all real ones together would take 250 MB.
class RecordSource {
 public:
    static Result<RecordSource> open(const PreparationOptions& options) {
        RecordSource source;
        source.folder_ = options.data;
        if (options.data.empty()) {
            source.made_ = make_patients(options.seed);
            for (const WfdbRecord& record : source.made_) {
                source.names_.push_back(record.header.record);
            }
            std::sort(source.names_.begin(), source.names_.end());
        } else {
            source.names_ = list_wfdb(options.data);
        }
        if (!source.names_.empty()) return source;
        return fail(
            ErrorCode::not_found,
            options.data +
                ": no recordings (.hea, .dat, .atr) and no beats (beats.csv, beats.npz, x.npy)"
        );
    }

    const std::vector<std::string>& names() const { return names_; }

    Result<WfdbRecord> read(const std::string& name) const {
        if (!folder_.empty()) return read_wfdb(folder_, name);
        const auto is_it = [&name](const WfdbRecord& record) {
            return record.header.record == name;
        };
        return *std::find_if(made_.begin(), made_.end(), is_it);
    }

 private:
    std::string folder_;
    std::vector<WfdbRecord> made_;
    std::vector<std::string> names_;  // sorted
};

Result<void> check_all_there(
    const PatientSplit& split,
    const std::vector<std::string>& names,
    const PreparationOptions& options
) {
    std::vector<std::string_view> missing;
    for (const auto* side : {&split.train, &split.generalisation}) {
        for (const std::string_view name : *side) {
            if (!std::binary_search(names.begin(), names.end(), name)) missing.push_back(name);
        }
    }
    if (missing.empty() || options.allow_missing) return {};
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "{}: recordings of the split are not there: {}", options.data, fmt::join(missing, " ")
        )
    );
}

std::vector<std::string_view> name_checks(
    const PreparedRecord& record, const PreparationOptions& options
) {
    std::vector<std::string_view> checks;
    if (record.tally.marks > 0) {
        checks.push_back(
            options.cut.marks_as_other ? check_non_beat_as_other : check_non_beat_dropped
        );
    }
    if (2 * record.tally.paced > record.tally.annotations) checks.push_back(check_mostly_paced);
    if (record.lead.empty()) {
        checks.push_back(check_lead_missing);
    } else if (record.lead != options.cut.lead) {
        checks.push_back(check_lead_substituted);
    }
    if (options.ds1_ds2 && (record.record == "201" || record.record == "202")) {
        checks.push_back(check_patient_on_both_sides);
    }
    return checks;
}

std::map<std::string, BeatCounts> count_by_record(const BeatSet& set) {
    std::map<std::string, BeatCounts> counts;
    for (const std::string& record : set.records) {
        counts.emplace(record, BeatCounts{});
    }
    for (std::size_t beat = 0; beat < set.size(); ++beat) {
        ++counts[set.records[set.record[beat]]][set.classes[beat]];
    }
    return counts;
}

// From the splits themselves, so that what is reported is what is there.
void count_beats(const BeatSplits& beats, std::vector<PreparedRecord>& records) {
    const auto train = count_by_record(beats.train);
    const auto val = count_by_record(beats.val);
    const auto generalisation = count_by_record(beats.generalisation);
    const auto add = [](BeatCounts& to, const auto& counts, const std::string& record) {
        const auto found = counts.find(record);
        if (found == counts.end()) return;
        for (std::size_t i = 0; i < to.size(); ++i) {
            to[i] += found->second[i];
        }
    };
    for (PreparedRecord& record : records) {
        add(record.val, val, record.record);
        for (const auto* counts : {&train, &val, &generalisation}) {
            add(record.beats, *counts, record.record);
        }
    }
}

Result<Preparation> prepare_table(const PreparationOptions& options) {
    auto beats = read_beat_table(options.data);
    if (!beats) return tl::unexpected(beats.error());
    Preparation preparation{.beats = std::move(*beats), .records = {}};
    std::map<std::string, std::string> split_of;
    for (const auto& [set, split] : {
             std::pair{&preparation.beats.train,          "train"         },
             std::pair{&preparation.beats.val,            "train"         },
             std::pair{&preparation.beats.generalisation, "generalisation"}
    }) {
        for (const std::string& record : set->records) {
            split_of[record] = split;
        }
    }
    for (const auto& [record, split] : split_of) {
        preparation.records.push_back({.record = record, .split = split});
    }
    return preparation;
}

Result<Preparation> prepare_records(
    const PreparationOptions& options,
    const std::function<void(std::size_t, std::size_t)>& on_record
) {
    const auto source = RecordSource::open(options);
    if (!source) return tl::unexpected(source.error());
    const PatientSplit split = options.ds1_ds2 ? ds1_ds2_split() : report_split();
    if (auto ok = check_all_there(split, source->names(), options); !ok) {
        return tl::unexpected(ok.error());
    }
    Preparation preparation;
    std::size_t done = 0;
    for (const std::string& name : source->names()) {
        PreparedRecord& prepared = preparation.records.emplace_back();
        prepared.record = name;
        const bool learned = contains(split.train, name);
        const bool generalised = contains(split.generalisation, name);
        on_record(++done, source->names().size());
        if (!learned && !generalised) {
            prepared.checks = {check_record_unused};
            continue;
        }
        const auto record = source->read(name);
        if (!record) return tl::unexpected(record.error());
        auto beats = cut_beats(*record, options.cut);
        if (!beats) return fail_with_context(beats.error(), options.data + "/" + name);
        beats->record = name;
        if (options.beats_max > 0) keep_beats(*beats, options.beats_max, options.seed);
        BeatSplits& splits = preparation.beats;
        append_record(learned ? splits.train : splits.generalisation, *beats);
        prepared.split = learned ? "train" : "generalisation";
        prepared.lead = beats->lead;
        prepared.tally = beats->tally;
        prepared.checks = name_checks(prepared, options);
    }
    preparation.beats.val = take_validation(preparation.beats.train, options.seed);
    return preparation;
}

}  // namespace

Result<Preparation> prepare_beats(
    const PreparationOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& on_record
) {
    const bool table = !options.data.empty() && has_beat_table(options.data);
    auto preparation = table ? prepare_table(options) : prepare_records(options, on_record);
    if (!preparation) return preparation;
    const BeatSplits& beats = preparation->beats;
    if (beats.train.size() == 0 || beats.val.size() == 0 || beats.generalisation.size() == 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{}: {} beats to learn from, {} to validate and {} to generalise to: none may be 0",
                options.data,
                beats.train.size(),
                beats.val.size(),
                beats.generalisation.size()
            )
        );
    }
    count_beats(beats, preparation->records);
    return preparation;
}

}  // namespace xorch::beats
