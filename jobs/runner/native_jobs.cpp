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

std::span<const DataMaker> data_makers() {
    return {};
}

}  // namespace xorch
