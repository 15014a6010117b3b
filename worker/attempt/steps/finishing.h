#pragma once

// The last step of an attempt, when every process of it is gone: rows are read and checked, the
// exit is judged, artifacts and output go where they last, scratch is removed. Runs on the runner's
// file thread; plain data in, plain data out.

#include <optional>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/facts.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/sweep.h"
#include "worker/attempt/steps/exit_judgement.h"
#include "worker/attempt/steps/preparation.h"
#include "worker/attempt/storage/output_store.h"

namespace xorch {

// What is asked of the ranks' own words, which are in the attempt's scratch.
struct GangFinish {
    std::vector<RankHost> hosts;
    std::string launcher;       // its name
    bool has_returned = false;  // rank 0 of a native unit said how the unit ended
};

struct FinishRequest {
    const Stage* stage = nullptr;
    std::vector<StopRule> stops;  // that are for the stage
    SweepLayout layout;
    std::string directory;
    AttemptPlaces places;
    ExitFacts facts;  // of a gang: as its launcher ended
    std::optional<GangFinish> gang;
    std::string earlier_rows;
    std::optional<std::vector<Object>> printed;  // rows from stdout, if they come from there
    bool printed_too_much = false;
    OutputStore::Ended output;
    bool has_output = false;
    std::string recent_output;
    std::vector<std::string> notes;  // worth a look whatever the end is
    AttemptEnd end;                  // as far as it is known: times, signal, checkpoint, memory
};

AttemptEnd finish_attempt(Disk& disk, OutputStore& store, FinishRequest request);

}  // namespace xorch
