#pragma once

// Heart beats cut out of recordings, with their classes: what the networks of this family learn
// from.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xorch::beats {

// Normal, supraventricular, ventricular, other (fusion and paced beats).
inline constexpr std::array<std::string_view, 4> class_names{"N", "S", "V", "O"};
inline constexpr int class_count = 4;
inline constexpr int window_samples = 360;  // one second at 360 Hz, the annotation in the middle

struct BeatSet {
    std::vector<float> windows;         // [beat][window_samples], each in [-1, 1]
    std::vector<std::uint8_t> classes;  // index into class_names
    std::vector<std::string> records;   // names of the recordings, sorted
    std::vector<std::uint16_t> record;  // of each beat: index into `records`

    std::size_t size() const { return classes.size(); }

    const float* window(std::size_t beat) const {
        return windows.data() + beat * static_cast<std::size_t>(window_samples);
    }
};

// The splits of one preparation.
struct BeatSplits {
    BeatSet train;
    BeatSet val;             // of the patients of train: optimistic
    BeatSet generalisation;  // of other patients; never selects anything
};

}  // namespace xorch::beats
