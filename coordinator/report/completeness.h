#pragma once

// How much of a stage there is, in one line: whatever is built on its records (a summary, a choice,
// a comparison) says it along, so that nobody takes a part for the whole.

#include <cstdint>
#include <string>

#include "coordinator/report/sweep_reader.h"
#include "core/error.h"

namespace xorch {

struct Completeness {
    std::string stage;
    std::uint32_t expected = 0;
    std::uint32_t done = 0;
    std::uint32_t sound = 0;     // done, and no audit finds anything wrong with it
    std::uint32_t hopeless = 0;  // given up by a [[stop]] rule
    bool holds = true;           // nothing is missing and nothing is wrong

    friend bool operator==(const Completeness&, const Completeness&) = default;
};

// Reads the stage's records once.
Result<Completeness> completeness_of(const SweepReader& sweep, StageIndex stage);

// "train is incomplete: 392 of 405 units are done, 365 of them sound; `xorch audit` names the
// others", or "complete and not sound". Of a stage that holds, how many units are hopeless. Empty
// if there is nothing to say.
std::string describe_completeness(const Completeness& completeness);

}  // namespace xorch
