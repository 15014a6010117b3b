#pragma once

// Beats with classes that are easy to tell apart, for tests of how training runs rather than of how
// well.

#include "jobs/beats/beat_set.h"

namespace xorch::beats {

// 160 beats of two patients to train on, 40 to validate, and 60 of another patient.
BeatSplits simple_beats();

}  // namespace xorch::beats
