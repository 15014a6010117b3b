#pragma once

// The jobs of the family, for the runner's list. What each does is said in declare.cpp.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_anomaly_synthetic(NativeUnit& unit);
Result<JobEnd> run_anomaly_train(NativeUnit& unit);
Result<JobEnd> run_anomaly_infer(NativeUnit& unit);
Result<JobEnd> run_anomaly_saved(NativeUnit& unit);
Result<JobEnd> run_anomaly_cls(NativeUnit& unit);
Result<JobEnd> run_anomaly_seg(NativeUnit& unit);
Result<JobEnd> run_anomaly_report(NativeUnit& unit);

}  // namespace xorch
