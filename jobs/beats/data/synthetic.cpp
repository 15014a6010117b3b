#include "jobs/beats/data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/patient_split.h"
#include "jobs/random/random_stream.h"

namespace xorch::beats {

namespace {

using namespace std::string_view_literals;

constexpr double rate = 360.0;
constexpr int steps_per_mv = 200;
constexpr int zero = 1024;
constexpr int edge = 360;       // samples before the first and after the last beat
constexpr int reach = 190;      // samples around a beat that its waves touch
constexpr double noise = 0.03;  // mV
constexpr double wander = 0.1;  // mV

enum BeatClass : std::size_t { normal, supraventricular, ventricular, other };

using ClassCounts = std::array<std::size_t, class_count>;

// The imbalance of the real recordings, a twentieth of their size.
constexpr ClassCounts counts_to_learn{3400, 141, 160, 517};
// As many per patient.
constexpr ClassCounts counts_to_generalise{1594, 66, 75, 242};

// One of the bumps of a beat, relative to its annotation.
struct Wave {
    double at = 0.0;      // samples
    double height = 0.0;  // mV
    double width = 1.0;   // standard deviation, samples
};

struct Patient {
    double interval;  // between beats, samples
    double p;         // heights of the waves, mV
    double r;
    double s;
    double t;
    double qrs_width;  // samples
    double wander_phase;
};

Patient draw_patient(RandomStream& random, double spread) {
    const auto around = [&](double value, double relative) {
        return value * (1.0 + spread * relative * random.uniform(-1.0, 1.0));
    };
    Patient patient{};
    patient.interval = around(0.8 * rate, 0.15);
    patient.p = around(0.12, 0.5);
    patient.r = around(1.1, 0.35);
    patient.s = around(-0.25, 0.5);
    patient.t = around(0.3, 0.5);
    patient.qrs_width = random.uniform(8.0, 11.0) / 2.5;
    patient.wander_phase = random.uniform(0.0, 2.0 * std::numbers::pi);
    return patient;
}

using Waves = std::vector<Wave>;

Waves normal_waves(const Patient& patient, double r) {
    const double width = patient.qrs_width;
    return {
        {-62.0, patient.p, 9.0  },
        {0.0,   r,         width},
        {12.0,  patient.s, width},
        {95.0,  patient.t, 18.0 }
    };
}

Waves ventricular_waves(const Patient& patient, double r, double sign) {
    return {
        {0.0,   1.2 * sign * r,          2.2 * patient.qrs_width},
        {100.0, -1.3 * sign * patient.t, 22.0                   }
    };
}

struct DrawnBeat {
    Waves waves;
    char symbol = 'N';
};

DrawnBeat draw_beat(std::size_t beat_class, const Patient& patient, RandomStream& random) {
    const double r = patient.r * (1.0 + 0.05 * random.normal());
    DrawnBeat beat{.waves = normal_waves(patient, r)};
    if (beat_class == supraventricular) {
        // Its QRS is that of a normal beat: what tells it is its P wave, and that it comes early.
        const double sign = random.chance(0.5) ? -0.6 : 0.5;
        beat.waves[0] = {-46.0 + random.uniform(-8.0, 8.0), sign * patient.p, 8.0};
        beat.symbol = 'A';
    } else if (beat_class == ventricular) {
        beat.waves = ventricular_waves(patient, r, random.chance(0.25) ? -1.0 : 1.0);
        beat.symbol = 'V';
    } else if (beat_class == other && random.chance(0.85)) {
        // Paced: a spike, then a wide QRS.
        const double width = 2.0 * patient.qrs_width;
        beat.waves = {
            {-22.0, 1.4,        1.2  },
            {4.0,   0.9 * r,    width},
            {100.0, -patient.t, 22.0 }
        };
        beat.symbol = '/';
    } else if (beat_class == other) {
        // Fusion: half of both.
        for (const Wave& wave : ventricular_waves(patient, r, 1.0)) {
            beat.waves.push_back(wave);
        }
        for (Wave& wave : beat.waves) {
            wave.height *= 0.5;
        }
        beat.symbol = 'F';
    }
    return beat;
}

void add_waves(std::vector<double>& volts, std::int64_t time, const Waves& waves) {
    for (std::int64_t offset = -reach; offset <= reach; ++offset) {
        double sum = 0.0;
        for (const Wave& wave : waves) {
            const double from = (static_cast<double>(offset) - wave.at) / wave.width;
            sum += wave.height * std::exp(-0.5 * from * from);
        }
        volts[static_cast<std::size_t>(time + offset)] += sum;
    }
}

std::vector<std::int64_t> draw_times(
    const std::vector<std::size_t>& classes, const Patient& patient, RandomStream& random
) {
    std::vector<std::int64_t> times;
    double time = edge;
    for (const std::size_t beat_class : classes) {
        const bool early = beat_class == supraventricular || beat_class == ventricular;
        const double full = patient.interval * (1.0 + 0.03 * random.normal());
        time += early ? 0.65 * full : full;
        times.push_back(std::llround(time));
        // The pause after a ventricular beat makes up for its being early.
        if (beat_class == ventricular) time += 0.3 * full;
    }
    return times;
}

std::vector<std::int16_t> sampled(
    const std::vector<double>& volts, double gain, RandomStream& random
) {
    std::vector<std::int16_t> samples;
    samples.reserve(volts.size());
    for (const double volt : volts) {
        const double value = (gain * volt + noise * random.normal()) * steps_per_mv;
        samples.push_back(
            static_cast<std::int16_t>(std::lround(std::clamp(value, -1000.0, 1000.0)) + zero)
        );
    }
    return samples;
}

WfdbSignal describe_lead(std::string_view lead) {
    WfdbSignal signal;
    signal.resolution = 11;
    signal.zero = signal.baseline = zero;
    signal.lead = lead;
    return signal;
}

// The lead that beats are drawn in, and a weaker one beside it.
void add_leads(WfdbRecord& record, const std::vector<double>& volts, RandomStream& random) {
    const std::string& name = record.header.record;
    std::vector<std::string_view> leads{"MLII", "V5"};
    std::vector<double> gains{1.0, 0.5};
    if (name == "102" || name == "104") leads = {"V5", "V2"};
    if (name == "114") {
        leads = {"V5", "MLII"};
        gains = {0.5, 1.0};
    }
    for (std::size_t i = 0; i < leads.size(); ++i) {
        record.header.signals.push_back(describe_lead(leads[i]));
        record.signals.push_back(sampled(volts, gains[i], random));
    }
}

struct Cohort {
    std::vector<std::string_view> names;
    ClassCounts counts{};
    double spread = 1.0;       // of shapes from patient to patient
    std::size_t inverted = 0;  // every so many patients' leads; 0 = none
};

WfdbRecord make_patient(
    const Cohort& cohort,
    std::size_t index,
    const std::vector<std::size_t>& classes,
    RandomStream random
) {
    WfdbRecord record;
    record.header.record = cohort.names[index];
    record.header.rate = rate;
    record.header.comments = {"made, not measured"};
    const Patient patient = draw_patient(random, cohort.spread);
    const std::vector<std::int64_t> times = draw_times(classes, patient, random);
    const std::int64_t last = times.empty() ? edge : times.back();
    std::vector<double> volts(static_cast<std::size_t>(last + edge), 0.0);
    record.annotations.push_back({.time = 18, .code = wfdb_code('+'), .text = std::string("(N\0"sv)}
    );
    for (std::size_t i = 0; i < times.size(); ++i) {
        const DrawnBeat beat = draw_beat(classes[i], patient, random);
        add_waves(volts, times[i], beat.waves);
        record.annotations.push_back({.time = times[i], .code = wfdb_code(beat.symbol)});
        if (random.chance(0.02)) {
            record.annotations.push_back({.time = times[i] + 9, .code = wfdb_code('~')});
        }
    }
    const bool inverted = cohort.inverted > 0 && index % cohort.inverted == cohort.inverted - 1;
    for (std::size_t at = 0; at < volts.size(); ++at) {
        const double phase = 2.0 * std::numbers::pi * 0.3 * static_cast<double>(at) / rate;
        volts[at] += wander * cohort.spread * std::sin(phase + patient.wander_phase);
        if (inverted) volts[at] = -volts[at];
    }
    add_leads(record, volts, random);
    return record;
}

// Deals the cohort's beats to its patients in random order, so that each has some of each class.
void make_cohort(const Cohort& cohort, std::uint64_t seed, std::vector<WfdbRecord>& records) {
    std::vector<std::size_t> classes;
    for (std::size_t beat_class = 0; beat_class < cohort.counts.size(); ++beat_class) {
        classes.insert(classes.end(), cohort.counts[beat_class], beat_class);
    }
    const std::size_t patients = cohort.names.size();
    RandomStream deal(seed, "beats.deal", {static_cast<std::int64_t>(patients)});
    const std::vector<std::size_t> order = deal.permutation(classes.size());
    for (std::size_t index = 0; index < patients; ++index) {
        std::vector<std::size_t> own;
        for (std::size_t i = index; i < order.size(); i += patients) {
            own.push_back(classes[order[i]]);
        }
        const std::string purpose = "beats.patient/" + std::string(cohort.names[index]);
        records.push_back(make_patient(cohort, index, own, RandomStream(seed, purpose)));
    }
}

}  // namespace

std::vector<WfdbRecord> make_patients(std::uint64_t seed) {
    const PatientSplit split = report_split();
    std::vector<WfdbRecord> records;
    make_cohort({.names = split.train, .counts = counts_to_learn}, seed, records);
    make_cohort(
        {.names = split.generalisation,
         .counts = counts_to_generalise,
         .spread = 1.6,
         .inverted = 5},
        seed,
        records
    );
    return records;
}

Result<void> make_beats(const std::string& directory, std::uint64_t seed) {
    for (WfdbRecord& record : make_patients(seed)) {
        auto written = write_wfdb(directory, std::move(record));
        if (!written) return written;
    }
    return {};
}

}  // namespace xorch::beats
