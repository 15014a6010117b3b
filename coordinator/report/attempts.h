#pragma once

// What happened to single units, told from the journal: their ended attempts with the places of
// their output, and their story for people. Reads the whole journal once.

#include <set>
#include <string>
#include <vector>

#include "coordinator/report/status.h"
#include "coordinator/report/sweep_reader.h"
#include "core/error.h"
#include "core/facts.h"

namespace xorch {

struct EndedAttempt {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;  // without rows
};

// In the order in which they ended. Empty `units` = of every unit, then only the newest
// `newest_max` are kept.
Result<std::vector<EndedAttempt>> read_attempts(
    const SweepReader& sweep, const std::set<UnitKey>& units, std::size_t newest_max
);

struct StoryStep {
    Millis at_unix{0};
    std::string text;
};

struct ToldStory {
    UnitName name;
    std::vector<StoryStep> steps;
    UnitPhase phase = UnitPhase::waiting;
    std::string present;  // the same in words: "done", "failed (crash)", "ready"
};

// One step per thing that happened to the unit. Texts are safe to show.
Result<ToldStory> tell_story(const SweepReader& sweep, UnitKey unit);

std::vector<std::string> story_lines(const ToldStory& story);

}  // namespace xorch
