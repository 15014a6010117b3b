#pragma once

// The beats that a unit works on.

#include <string>

#include "core/error.h"
#include "jobs/beats/beat_set.h"
#include "jobs/job.h"

namespace xorch::beats {

// Of the parameter `data`, or those that an input of stage "prepare" left. Training and validation
// beats have every class, and there are beats of other patients.
Result<BeatSplits> beats_of(const NativeUnit& unit);

// The only input of that stage has this artifact; not_found says what is missing.
Result<std::string> input_artifact(
    const NativeUnit& unit, const std::string& stage, const std::string& artifact
);

}  // namespace xorch::beats
