#include "tests/jobs/beats/simple_beats.h"

#include <algorithm>
#include <cmath>

#include "jobs/random/random_stream.h"

namespace xorch::beats {

namespace {

// A bump in the middle: as high and wide, and to the side, as the class has it.
BeatSet draw_set(std::int64_t number, std::size_t beats, std::vector<std::string> records) {
    RandomStream random(1, "simple beats", {number});
    BeatSet set;
    set.records = std::move(records);
    for (std::size_t beat = 0; beat < beats; ++beat) {
        // Of ten beats seven are normal, every other class has one.
        const std::size_t kind = beat % 10 < 3 ? beat % 10 + 1 : 0;
        set.classes.push_back(static_cast<std::uint8_t>(kind));
        set.record.push_back(static_cast<std::uint16_t>(beat % set.records.size()));
        const double width = kind == 2 ? 25 : 8;
        const double height = kind == 2 ? -0.8 : 0.9;
        const double centre = kind == 1 ? 60 : 180;
        for (int at = 0; at < window_samples; ++at) {
            const double bump = height * std::exp(-std::pow((at - centre) / width, 2));
            const double spike = kind == 3 && at == 158 ? 1.0 : 0.0;
            const double value = bump + spike + 0.03 * random.normal();
            set.windows.push_back(static_cast<float>(std::clamp(value, -1.0, 1.0)));
        }
    }
    return set;
}

}  // namespace

BeatSplits simple_beats() {
    return {
        .train = draw_set(0, 160, {"100", "101"}),
        .val = draw_set(1, 40, {"100", "101"}),
        .generalisation = draw_set(2, 60, {"106"})};
}

}  // namespace xorch::beats
