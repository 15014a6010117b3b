#include "jobs/runner/native_jobs.h"

#include <array>

#include "jobs/example/regression.h"

namespace xorch {

namespace {

constexpr std::array jobs{
    NativeJob{"example.regression", run_example_regression},
};

}  // namespace

std::span<const NativeJob> native_jobs() {
    return jobs;
}

const NativeJob* find_native_job(std::string_view name) {
    for (const NativeJob& job : jobs) {
        if (job.name == name) return &job;
    }
    return nullptr;
}

std::span<const DataMaker> data_makers() {
    return {};
}

}  // namespace xorch
