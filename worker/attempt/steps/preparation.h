#pragma once

// Everything an attempt needs before its process exists: folders, parameter files, the checkpoint
// to resume from, argv and environment. Runs on one of the runner's threads, since it waits for
// disks and reads whole checkpoints; plain data in, plain data out.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/sweep.h"
#include "worker/agent.h"
#include "worker/checkpoint_store.h"
#include "worker/gang/launch.h"

namespace xorch {

// Where things of one attempt are. Scratch is node-local and cleared afterwards; `out` and
// `publish` are in the sweep's directory only if the stage is known to use them, so that a million
// units without artifacts leave no folder behind.
struct AttemptPlaces {
    std::string scratch;
    std::string params;             // $XORCH_PARAMS
    std::string inputs;             // $XORCH_INPUTS
    std::string records;            // $XORCH_RECORDS
    std::string stop;               // $XORCH_STOP_FILE
    std::string out;                // $XORCH_OUT
    std::string publish;            // $XORCH_CHECKPOINT_DIR
    std::string lasting_out;        // where artifacts end up
    std::string attempt_directory;  // where checkpoints are sealed
};

// What a unit of several ranks needs to be started; see worker/gang/.
struct GangRequest {
    GangLaunch launch;
    std::string program;           // xorch, which each rank runs first
    std::string native_program;    // xorch-runner
    std::string socket;            // where rank 0 of a native unit speaks
    std::string address;           // MASTER_ADDR
    std::uint16_t port = 0;        // MASTER_PORT
    std::uint16_t check_port = 0;  // as in GangPlan
    std::string check_token;
    std::vector<std::string> own_environment;  // the agent's, with what its launcher asks for
};

struct PreparationRequest {
    StartAttempt order;
    const Stage* stage = nullptr;  // of the runner's sweep, which does not change
    SweepLayout layout;
    IncarnationId incarnation;
    std::string scratch;                   // the attempt's own, clean
    std::string directory;                 // working directory of units
    std::vector<std::string> environment;  // stage_environment, with devices
    std::optional<GangRequest> gang;       // of a unit with several ranks
};

struct Preparation {
    AttemptPlaces places;
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    std::string program;
    std::string env_key;
    CheckpointSearch checkpoints;
    std::string earlier_rows;  // that the checkpoint holds, JSON lines
};

// For a runner, and not a process of its own. Built-in no-ops never come this far.
bool is_native(const Stage& stage);

// Removes what the attempt left in scratch and in its publish folder. An untouched scratch keeps
// its empty folders for the next attempt.
Result<void> clear_places(const AttemptPlaces& places);

AttemptPlaces places_of(const PreparationRequest& request);

Result<Preparation> prepare_attempt(Disk& disk, const PreparationRequest& request);

}  // namespace xorch
