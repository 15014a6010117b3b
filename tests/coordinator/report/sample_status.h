#pragma once

// A status as one would meet it, for the tests of every text made from one.

#include "coordinator/report/status.h"

namespace xorch {

inline UnitName sample_unit(std::uint32_t index, std::string values) {
    return UnitName{
        .key = {.stage = StageIndex{0}, .index = index},
        .id = "3fa94c12aa00000000000000000000" + std::to_string(10 + index),
        .place = "train/" + std::to_string(index),
        .values = std::move(values)
    };
}

// A sweep of two stages: five of eight units done, one failed, two running; the second waits.
inline SweepStatus sample_status() {
    SweepStatus status;
    status.sweep = "budget_curve";
    status.at_unix = Millis{1'763'712'307'000};
    status.epoch = EpochNumber{2};
    status.bytes = 4711;
    status.holder = {.host = "node1", .pid = 99, .pid_started = 12, .job = ""};
    status.phase = SweepPhase::running;
    status.stages.push_back({
        .name = "train",
        .counts = {0,  0, 2, 5, 1, 0},
        .failed_by = {{.cause = Cause::user_error, .units = 1}},
        .waits_for = { },
        .selection = ""
    });
    status.stages.push_back({
        .name = "fuse",
        .counts = {4,                      0, 0, 0, 0, 0},
        .failed_by = {                    },
        .waits_for = {"train"},
        .selection = "best"
    });
    status.running.push_back(
        {.unit = sample_unit(6, "lr=0.1 repeat=3"),
         .attempt = AttemptNumber{1},
         .node = "node1",
         .since_unix = Millis{1'763'712'294'700}}
    );
    status.running.push_back(
        {.unit = sample_unit(7, "lr=0.1 repeat=4"),
         .attempt = AttemptNumber{2},
         .node = "node1",
         .since_unix = Millis{0}}
    );
    status.failed.push_back({
        .unit = sample_unit(3, "lr=0.01 repeat=3"),
        .cause = Cause::user_error,
        .attempt = AttemptNumber{3             },
        .fact = { .segment = 2, .fact = 1, .offset = 512}
    });
    status.blamed.push_back({"node2", "3 units failed there"});
    status.agents.push_back({
        .node = "node1",
        .allocation = AllocationId{1                          },
        .capacity = { .cpus = 2, .gpus = 0, .memory = Bytes{1U << 30U}},
        .units = 2
    });
    status.selects.push_back(
        {.name = "first",
         .refused = false,
         .chosen = {sample_unit(1, "lr=0.01 repeat=1")},
         .explanation = "smallest loss"}
    );
    return status;
}

}  // namespace xorch
