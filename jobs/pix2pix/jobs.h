#pragma once

// The jobs of the family, for the runner's list. What each does is said in declare.cpp.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_pix2pix_prepare(NativeUnit& unit);
Result<JobEnd> run_pix2pix_train(NativeUnit& unit);
Result<JobEnd> run_pix2pix_freeze(NativeUnit& unit);
Result<JobEnd> run_pix2pix_hard(NativeUnit& unit);
Result<JobEnd> run_pix2pix_eval(NativeUnit& unit);
Result<JobEnd> run_pix2pix_compare(NativeUnit& unit);
Result<JobEnd> run_pix2pix_sanity(NativeUnit& unit);

}  // namespace xorch
