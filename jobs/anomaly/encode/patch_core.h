#pragma once

// Another memory, as PatchCore has it: both levels of a patch are one feature, a few of them stand
// for all, and the score of a patch is its mean distance to the nearest of these. Pure.

#include "jobs/anomaly/encode/branches.h"

namespace xorch::anomaly {

// Row by row, one behind the other.
Features join_columns(const Features& left, const Features& right);

// So many rows that every other one is near to one of them: first the row that is farthest from all
// (by the root of the sum of its squared distances), then, again and again, the one that is
// farthest from those chosen. Of equal ones the first. `count` is from 1 to as many as there are.
Features choose_coreset(const Features& rows, int count);

// The mean Euclidean distance to that many nearest rows, and how much farther the second one is
// than the first.
MemoryScores neighbour_scores(const Features& features, const Features& bank, int neighbours);

}  // namespace xorch::anomaly
