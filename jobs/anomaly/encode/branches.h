#pragma once

// The two branches, on features of length 1.
//
// Semantic: softmax(t f T) of a feature over the texts of "normal" and "abnormal", its second
// entry. The published program takes t as it is stored, the logarithm of what it stands for; so
// scores keep near 0.5 (a parameter can do otherwise).
//
// Memory: half of 1 - cosine to the nearest feature of the normal images, the mean over levels.

#include <vector>

#include "jobs/anomaly/encode/features.h"

namespace xorch::anomaly {

// The texts of a class: two rows, normal and abnormal.
std::vector<float> semantic_scores(const Features& features, const Features& texts, double scale);

struct MemoryScores {
    std::vector<float> distance;  // to the nearest one
    std::vector<float> margin;    // how much farther the second nearest one is
};

// Of one level. The bank has at least one row; with a single one every margin is 0.
MemoryScores memory_scores(const Features& features, const Features& bank);

// The mean of both levels.
MemoryScores mean_scores(const MemoryScores& first, const MemoryScores& second);

}  // namespace xorch::anomaly
