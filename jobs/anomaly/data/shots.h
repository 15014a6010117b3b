#pragma once

// Which few normal images a class is known by: drawn, or as a published list says. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::anomaly {

inline constexpr const char* shots_file_name = "selected_samples_per_run.txt";

// The first `shots` of one order of all, so that two shots are those of one and another. Numbers
// below `count`; equal seeds and classes give equal ones.
std::vector<std::size_t> draw_shots(
    std::uint64_t seed, std::string_view class_name, std::size_t count, std::size_t shots
);

// The line "#K: 101 048" of that many shots: numbers of training images in sorted order from 0,
// each below `count` and there once.
Result<std::vector<std::size_t>> parse_shots(
    std::string_view text, std::size_t count, std::size_t shots
);

}  // namespace xorch::anomaly
