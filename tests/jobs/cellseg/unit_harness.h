#pragma once

// A unit of the family without runner or agent: its folders in a temporary directory, and a host
// that asks it to stop after so many questions.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/value.h"
#include "jobs/job.h"

namespace xorch::cellseg {

class CountingHost final : public UnitHost {
 public:
    explicit CountingHost(int answers_before_stop) : left_(answers_before_stop) {}

    bool stop_asked() override;

    Millis now() override { return Millis{0}; }

    void on_published() override { ++published; }

    int published = 0;

 private:
    int left_;
};

inline constexpr int never = std::numeric_limits<int>::max();

struct UnitRun {
    std::string error;  // empty = none
    JobEnd end = JobEnd::done;
    std::vector<Object> records;
    std::string out;         // folder of its artifacts
    std::string checkpoint;  // the newest that it published; empty = none
};

// A run of the declared job under `folder`, stopped after `answers_before_stop` looks at the host;
// `resume` is the checkpoint of an earlier one.
UnitRun run_unit(
    const std::string& job,
    const Object& params,
    const std::string& folder,
    int answers_before_stop = never,
    const std::string& resume = {}
);

}  // namespace xorch::cellseg
