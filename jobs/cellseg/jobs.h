#pragma once

// The jobs of the family, for the runner's list. What each does is said in declare.cpp.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_cellseg_synthetic(NativeUnit& unit);
Result<JobEnd> run_cellseg_audit(NativeUnit& unit);
Result<JobEnd> run_cellseg_prepare(NativeUnit& unit);
Result<JobEnd> run_cellseg_train(NativeUnit& unit);
Result<JobEnd> run_cellseg_eval(NativeUnit& unit);
Result<JobEnd> run_cellseg_predict(NativeUnit& unit);
Result<JobEnd> run_cellseg_segment(NativeUnit& unit);
Result<JobEnd> run_cellseg_hybrid(NativeUnit& unit);
Result<JobEnd> run_cellseg_infer(NativeUnit& unit);
Result<JobEnd> run_cellseg_donors(NativeUnit& unit);

}  // namespace xorch
