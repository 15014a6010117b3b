#pragma once

// A confusion matrix as people write it, row by row: the true classes N, S, V and O.

#include "jobs/beats/balance/scores.h"

namespace xorch::beats {

inline Confusion rows(
    const ClassCounts& n, const ClassCounts& s, const ClassCounts& v, const ClassCounts& o
) {
    return {n, s, v, o};
}

}  // namespace xorch::beats
