#pragma once

// What goes wrong in one run. Every seed draws anew which kinds of faults there are and how often
// (swarm testing): a run with all of them hides what a run with two of them shows.

#include <string>

#include "core/time.h"
#include "tests/simulation/dice.h"

namespace xorch::simulation {

struct Faults {
    // Mean time between two of a kind; 0 = there are none.
    Millis agent_killed{0};
    Millis node_lost{0};
    Millis coordinator_killed{0};
    Millis coordinator_host_lost{0};
    Millis coordinator_paused{0};  // SIGSTOP; another one takes over and then the first goes on
    Millis disconnected{0};
    Millis cut{0};  // one direction of a connection
    Millis checkpoint_damaged{0};
    Millis stop_requested{0};  // Ctrl-C, and a resume
    Millis client_acts{0};

    // The coordinator dies in the n-th change that it makes to the disk, or that change fails.
    bool dies_in_writes = false;
    bool writes_fail = false;
    bool agent_dies_in_writes = false;

    bool slow_network = false;
    bool slow_disk = false;
    bool clocks_differ = false;
    bool stale_listings = false;  // the file system shows agents an older endpoint
    Millis allocation_length{0};  // 0 = without end

    // Of Slurm, if the sweep runs there.
    Millis queue_delay{0};      // a job waits at most so long for its nodes
    double sbatch_refuses = 0;  // for now
    double sbatch_silent = 0;   // the job is queued, and its number gets lost
    double squeue_forgets = 0;  // a job that is in the queue
    bool ends_move = false;     // `scontrol update TimeLimit`, both ways
    Millis requeued{0};         // a job that runs; mean time between two
    Millis preempted{0};        // likewise

    Millis last{0};  // no fault starts after this
};

Faults draw_faults(Dice& dice);

// Which ones there are, for people. `on_slurm`: whether there is a Slurm to have its own.
std::string describe_faults(const Faults& faults, bool on_slurm);

}  // namespace xorch::simulation
