#pragma once

// What the facts of a site mean for sweeps: one finding each, with what xorch does about it or what
// a person should do. Pure.

#include <string>
#include <vector>

#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

enum class FindingState {
    ok,
    note,     // worth knowing, prevents nothing
    problem,  // prevents a sweep
    unknown,  // not probed, or nobody answered
};

struct SiteFinding {
    std::string where;  // "here", "slurm", "node"
    std::string name;   // one word or two, the same in every report
    FindingState state = FindingState::unknown;
    std::string seen;
    std::string action;  // what xorch does about it, or what to do; may be empty if unknown

    friend bool operator==(const SiteFinding&, const SiteFinding&) = default;
};

std::string_view state_name(FindingState state);

// In the order in which people read them: this machine, Slurm, a compute node.
std::vector<SiteFinding> judge_site(const DoctorFacts& facts);

// Parts of it.
std::vector<SiteFinding> judge_machine(const MachineFacts& machine, const std::string& where);
SiteFinding judge_folder(const FolderFacts& folder, const std::string& where);
std::vector<SiteFinding> judge_slurm(const DoctorFacts& facts);
std::vector<SiteFinding> judge_job(const DoctorFacts& facts);

// Of units with several ranks in xorch-runner.
SiteFinding judge_runner(const RunnerFacts& runner);

}  // namespace xorch
