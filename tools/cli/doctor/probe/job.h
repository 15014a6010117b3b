#pragma once

// Queues one small job that looks at a compute node (node.h), waits for what it says, and leaves no
// job behind. Blocks.

#include <functional>
#include <string>
#include <string_view>

#include "core/disk.h"
#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/site.h"
#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

struct JobProbe {
    std::string folder;   // empty, private, on the file system of sweeps, absolute
    std::string program;  // xorch, absolute; copied into the folder
    SlurmOptions asked;   // of a sweep; see small_job()
    Millis longest{0};    // limit of the partition; 0 = not known
    std::string interface;
    Millis wait{600'000};         // until the job must have started
    Millis ask_first{5'000};      // the first question about the job; then less and less often
    Millis ask_most{30'000};      // pause between questions
    Millis files_within{60'000};  // what an ended job wrote must be seen by then
    int stop = -1;                // a descriptor: readable = give up
    std::function<void(std::string_view)> say;  // progress, one line each
};

// Never an error: what went wrong is a fact.
JobFacts ask_a_node(const SlurmSite& site, Disk& disk, const JobProbe& probe);

// What is asked of Slurm for the probe: the place and the kind of the sweep's jobs, but one node,
// one CPU, at most one GPU, some minutes.
SlurmOptions small_job(SlurmOptions asked, Millis longest);

}  // namespace xorch
