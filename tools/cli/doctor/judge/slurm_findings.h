#pragma once

// What the judges of Slurm share. Internal to this folder. Pure.

#include <string>
#include <vector>

#include "tools/cli/doctor/judge/judge.h"

namespace xorch::slurm_findings {

// A finding that is ok, or unknown; the others make another one of it.
SiteFinding found(std::string name, std::string seen, std::string action);
SiteFinding unknown(std::string name, std::string seen, std::string action = {});
SiteFinding worth_knowing(SiteFinding finding);
SiteFinding prevents(SiteFinding finding);

// `scontrol show config`, and the grace of partitions.
std::vector<SiteFinding> judge_config(const SlurmFacts& slurm);

}  // namespace xorch::slurm_findings
