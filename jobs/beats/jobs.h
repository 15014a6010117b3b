#pragma once

// The jobs of the family, for the runner's list. What each does is said in declare.cpp.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_beats_prepare(NativeUnit& unit);
Result<JobEnd> run_beats_train(NativeUnit& unit);
Result<JobEnd> run_beats_rescore(NativeUnit& unit);
Result<JobEnd> run_beats_eval(NativeUnit& unit);

}  // namespace xorch
