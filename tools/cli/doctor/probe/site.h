#pragma once

// What Slurm's commands on this machine say about the site. Blocks; asks little of a controller
// that does not answer.

#include <optional>
#include <string>

#include "slurm/site.h"
#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

// Nothing if none of its commands is on PATH. `asked` is what a sweep asks for, in jobs that start
// in `directory`.
std::optional<SlurmFacts> probe_slurm(
    const SlurmSite& site, const SlurmOptions& asked, const std::string& directory
);

// The longest limit of time among the partitions; 0 if one has none or is not known.
Millis longest_time(const SlurmFacts& slurm);

}  // namespace xorch
