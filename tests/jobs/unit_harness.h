#pragma once

// A unit of a native job without runner or agent: its folders in a temporary directory, a host that
// asks it to stop, or lets it save itself, after so many looks, and runs of others as its inputs.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/value.h"
#include "jobs/job.h"

namespace xorch {

class CountingHost final : public UnitHost {
 public:
    explicit CountingHost(int answers_before_stop) : left_(answers_before_stop) {}

    bool stop_asked() override;

    // A millisecond passes from look to look.
    Millis now() override { return Millis{++looks_}; }

    void on_published() override { ++published; }

    int published = 0;

 private:
    int left_;
    std::int64_t looks_ = 0;
};

inline constexpr int never = std::numeric_limits<int>::max();

struct UnitRun {
    std::string error;  // empty = none
    JobEnd end = JobEnd::done;
    std::vector<Object> records;
    std::string out;                       // folder of its artifacts
    std::vector<std::string> checkpoints;  // that it published, the oldest first
};

struct UnitOptions {
    int answers_before_stop = never;    // looks at the host until it asks to stop
    std::string resume = {};            // the checkpoint of an earlier run
    std::int64_t checkpoint_every = 0;  // looks at the host; 0 = only when it asks to stop
    std::string inputs = {};            // JSON as of XORCH_INPUTS
    std::uint32_t seed = 7;             // of the unit's random streams
};

// A run of the declared job under `folder`.
UnitRun run_alone(
    const std::string& job,
    const Object& params,
    const std::string& folder,
    const UnitOptions& options = {}
);

// XORCH_INPUTS of a unit, from what others were given and left.
class Inputs {
 public:
    Inputs& add(const std::string& stage, const Object& params, const UnitRun& run);
    Inputs& add_folder(const std::string& stage, const std::string& folder);

    std::string json() const;

 private:
    Array items_;
};

std::string bytes_of(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace xorch
