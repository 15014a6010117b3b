#include "jobs/beats/data/patient_split.h"

#include <algorithm>
#include <array>

#include "jobs/random/random_stream.h"

namespace xorch::beats {

namespace {

// The beats at those places, in that order.
BeatSet pick(const BeatSet& from, const std::vector<std::size_t>& places) {
    BeatSet set;
    set.records = from.records;
    set.windows.reserve(places.size() * static_cast<std::size_t>(window_samples));
    for (const std::size_t place : places) {
        const float* window = from.window(place);
        set.windows.insert(set.windows.end(), window, window + window_samples);
        set.classes.push_back(from.classes[place]);
        set.record.push_back(from.record[place]);
    }
    return set;
}

}  // namespace

PatientSplit report_split() {
    return {
        .train = {"100",  "101", "102", "103", "104", "105", "107", "108", "109", "111", "112",
                  "113",                                    "115", "117", "121", "122", "123", "200", "201", "202", "203", "207",
                  "209", "210", "212", "213", "219", "222", "223", "230", "231", "232"},
        .generalisation = {
                  "106", "114",
                  "116", "118",
                  "119", "124",
                  "205",                                            "208",
                  "214",                                            "215",
                  "220",                                            "221",
                  "228", "233",
                  "234"}
    };
}

PatientSplit ds1_ds2_split() {
    return {
        .train = {"101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122",
                  "124",                                                                              "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"},
        .generalisation = {"100", "103", "105", "111", "113", "117", "121", "123",
                  "200",                                                         "202", "210", "212", "213", "214", "219", "221",
                  "222",                                                                                                                 "228", "231", "232", "233", "234"}
    };
}

std::size_t validation_share(std::size_t beats) {
    if (beats < 2) return 0;
    return std::clamp<std::size_t>(beats / 5, 1, beats - 1);
}

BeatSet take_validation(BeatSet& train, std::uint64_t seed) {
    std::array<std::vector<std::size_t>, class_count> of_class;
    for (std::size_t beat = 0; beat < train.size(); ++beat) {
        of_class[train.classes[beat]].push_back(beat);
    }
    std::vector<bool> taken(train.size(), false);
    for (std::size_t index = 0; index < of_class.size(); ++index) {
        const std::vector<std::size_t>& beats = of_class[index];
        RandomStream random(seed, "beats.validation", {static_cast<std::int64_t>(index)});
        for (const std::size_t place :
             random.sample(beats.size(), validation_share(beats.size()))) {
            taken[beats[place]] = true;
        }
    }
    std::vector<std::size_t> to_validate;
    std::vector<std::size_t> to_learn;
    for (std::size_t beat = 0; beat < train.size(); ++beat) {
        (taken[beat] ? to_validate : to_learn).push_back(beat);
    }
    BeatSet validation = pick(train, to_validate);
    train = pick(train, to_learn);
    return validation;
}

void append_record(BeatSet& set, const CutBeats& beats) {
    const auto index = static_cast<std::uint16_t>(set.records.size());
    set.records.push_back(beats.record);
    set.windows.insert(set.windows.end(), beats.windows.begin(), beats.windows.end());
    set.classes.insert(set.classes.end(), beats.classes.begin(), beats.classes.end());
    set.record.insert(set.record.end(), beats.classes.size(), index);
}

}  // namespace xorch::beats
