#pragma once

// What a rehearsal saw, and what that means: pure, so that each planted mistake is one small test.
// The rehearsal runs one unit whole, runs it again, and then stops it, resumes it, kills it and
// resumes it once more (rehearsal.h).

#include <optional>
#include <string>
#include <vector>

#include "core/facts.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

struct SealedCheckpoint {
    CheckpointSealed sealed;
    Millis after_start{0};
};

// One attempt as seen from outside.
struct AttemptSeen {
    AttemptEnd end;
    std::vector<SealedCheckpoint> checkpoints;
    bool opened_resume = false;  // some file of the checkpoint it was given was opened
    bool given_resume = false;   // it was given one
    std::vector<std::string>
        written_in_place;  // checkpoint files that were visible before they were complete
    std::vector<std::string> left_behind;    // command lines of processes that outlived the program
    std::optional<Millis> stop_after_start;  // when it was asked to stop
    Millis stop_took{0};                     // from being asked until every process was gone
    bool was_writing_at_term = false;  // its checkpoint folder changed between the request and TERM
    bool ended_by_itself = true;       // false: TERM or KILL ended it
};

struct RehearsalSeen {
    AttemptSeen whole;
    std::optional<AttemptSeen> again;    // the same unit once more, from the start
    std::optional<AttemptSeen> stopped;  // asked to stop after its first checkpoint
    std::optional<AttemptSeen> killed;   // resumed from that, killed after its next checkpoint
    std::optional<AttemptSeen> resumed;  // resumed from that, to its end
    std::vector<std::string>
        changed_outside;  // paths of the working directory that changed, relative
};

enum class Mistake {
    fails,
    missing_record,
    nan_record,
    not_reproducible,
    no_checkpoint,
    ignores_checkpoint,
    resumes_differently,
    checkpoint_in_place,
    ignores_stop,
    saves_too_slowly,
    leaves_processes,
    writes_outside,
};

struct RehearsalFinding {
    Mistake mistake = Mistake::fails;
    bool serious = true;  // false: worth knowing, no reason not to submit
    std::string what;     // one sentence with the evidence
    std::string remedy;   // one sentence with what to do
};

// A short stable name: "ignores_checkpoint".
std::string_view mistake_name(Mistake mistake);

// Serious findings first. Empty = nothing to say against this unit.
std::vector<RehearsalFinding> judge(const Stage& stage, const RehearsalSeen& seen);

}  // namespace xorch
