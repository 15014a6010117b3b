#pragma once

// What a class is known by: the patches of its few normal images, at both levels. One thread.

#include <array>

#include "jobs/anomaly/encode/branches.h"

namespace xorch::anomaly {

struct MemorySettings {
    bool coreset = false;  // PatchCore's way; else half of 1 - cosine by level, and their mean
    double share = 0.1;    // of all patches that a coreset keeps
    int neighbours = 1;    // that its scores are means over
};

class PatchMemory {
 public:
    explicit PatchMemory(const MemorySettings& settings) : settings_(settings) {}

    // The patches of a normal image.
    void add(const std::array<Features, 2>& levels);

    // No more will come; at least one has.
    void close();

    MemoryScores scores(const std::array<Features, 2>& levels) const;

 private:
    MemorySettings settings_;
    std::array<Features, 2> banks_;  // by level
    Features coreset_;
};

}  // namespace xorch::anomaly
