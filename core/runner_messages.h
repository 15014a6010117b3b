#pragma once

// What an agent and a runner say to each other: one unit at a time, over a socket pair. Pure; the
// bytes are core/wire/runner_codec.h.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/time.h"

namespace xorch {

// Exit code of a rank of a gang that waited too long for the others.
inline constexpr int hung_exit_code = 81;

// ---- agent -> runner ----

// Paths are absolute; an empty one means there is none.
struct RunUnit {
    std::uint64_t serial = 0;  // names the attempt between these two
    std::string id;            // of the unit
    std::uint32_t attempt = 1;
    std::string job;
    std::uint32_t job_version = 1;
    std::string params;  // file with JSON
    std::string inputs;  // file with JSON
    std::uint32_t seed = 0;
    std::uint32_t threads = 1;
    std::string out;
    std::string publish;
    std::string resume;
    std::string records;
    Millis checkpoint_every{0};       // 0 = never by time
    Millis time_left{0};              // 0 = open
    std::vector<std::uint32_t> cpus;  // pin to these; empty = leave it

    friend bool operator==(const RunUnit&, const RunUnit&) = default;
};

// Save and return as soon as may be.
struct StopUnit {
    std::uint64_t serial = 0;

    friend bool operator==(const StopUnit&, const StopUnit&) = default;
};

using RunnerOrder = std::variant<RunUnit, StopUnit>;

// ---- runner -> agent ----

// A finished checkpoint lies in the publish folder.
struct UnitPublished {
    std::uint64_t serial = 0;

    friend bool operator==(const UnitPublished&, const UnitPublished&) = default;
};

enum class UnitOutcome : std::uint8_t { done, checkpointed, failed, out_of_memory };

// The unit is over. All its output was written before.
struct UnitReturned {
    std::uint64_t serial = 0;
    UnitOutcome outcome = UnitOutcome::failed;
    std::string message;  // why it failed
    std::string env_key;
    std::string remark;             // worth a look whatever the outcome is
    std::uint64_t memory_peak = 0;  // bytes, of the whole process while the unit ran
    bool worn = false;              // its memory grew past the setting: no more units for it

    friend bool operator==(const UnitReturned&, const UnitReturned&) = default;
};

using RunnerNews = std::variant<UnitPublished, UnitReturned>;

}  // namespace xorch
