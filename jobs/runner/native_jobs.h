#pragma once

// What this runner can do: the function of each declared job that needs a runner, and the makers of
// synthetic data. A family of jobs adds its lines in native_jobs.cpp. Any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "jobs/job.h"

namespace xorch {

std::span<const NativeJob> native_jobs();

// `xorch data make NAME DIRECTORY --seed N`: synthetic data in the layout of the real one.
struct DataMaker {
    std::string_view name;
    std::string_view doc;  // one line
    // The directory exists and is empty. Equal seeds make equal files.
    Result<void> (*make)(const std::string& directory, std::uint64_t seed);
};

std::span<const DataMaker> data_makers();

}  // namespace xorch
