#pragma once

// What `xorch doctor` saw of a site: plain data, so that judging it needs no site. Whatever nobody
// asked, or nobody answered, stays unknown.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/site_facts.h"
#include "slurm/submission.h"

namespace xorch {

// What came of trying something.
struct Trial {
    bool tried = false;
    std::string problem;  // empty: it works

    bool works() const { return tried && problem.empty(); }

    friend bool operator==(const Trial&, const Trial&) = default;
};

// A machine as one of its processes sees it.
struct MachineFacts {
    std::string host;
    std::string kernel;                      // "6.1.0-13-amd64"
    std::vector<std::string> missing_calls;  // of the kernel, of those that xorch knows
    std::uint32_t cpus = 0;                  // that the process may use
    std::uint32_t cpus_online = 0;
    Bytes memory{0};  // that it may use
    Bytes memory_installed{0};
    std::string bash;  // its version; empty = there is none
    std::string python3;
    std::uint32_t gpus = 0;               // as an agent counts them
    std::string visible_gpus;             // CUDA_VISIBLE_DEVICES
    std::vector<std::string> gpu_models;  // as nvidia-smi lists them; empty also without it

    friend bool operator==(const MachineFacts&, const MachineFacts&) = default;
};

// What xorch-runner can do for units of several ranks, by its own word.
struct RunnerFacts {
    std::string problem;  // why it does not say; empty: it does
    std::string mpi;      // "Open MPI v4.1.4"; empty = built without
    std::string nccl;     // "2.27.3"; empty = built without
    std::string no_gpus;  // CUDA's words for why it lists none
    std::vector<std::string> gpus;
};

// What a folder's file system does.
struct FolderFacts {
    std::string path;
    std::string type;  // "ext4", "nfs", "lustre"; a number if the name is not known
    std::vector<std::string> problems;  // what a journal needs and the folder does not do
    Millis sync{0};                     // the slower of syncing a file and syncing a folder
    Bytes free{0};
    std::uint64_t files_free = 0;
    bool counts_files = false;  // some file systems have no limit of files

    friend bool operator==(const FolderFacts&, const FolderFacts&) = default;
};

// One of Slurm's commands.
struct SlurmCommandFacts {
    std::string name;
    std::string path;  // empty = not on PATH
};

struct SlurmFacts {
    std::vector<SlurmCommandFacts> commands;
    Result<std::vector<SiteController>> controllers;
    // The rest is asked only where a controller answers.
    std::string version;  // as sbatch says; empty = it did not
    std::optional<Result<SiteConfig>> config;
    std::optional<Result<std::vector<PartitionFacts>>> partitions;
    std::map<std::string, Millis> grace_times;   // by partition
    std::optional<Result<std::string>> mpi;      // the list of `srun --mpi=list`
    Trial accounting;                            // sacct
    std::optional<SubmissionAnswer> submission;  // `sbatch --test-only` with the sweep's options

    // The commands are installed, but no configuration says where to ask.
    bool belongs_to_no_cluster() const {
        return !controllers && controllers.error().code == ErrorCode::invalid_input;
    }
};

// What a job found out on a compute node.
struct NodeFacts {
    MachineFacts machine;  // as a step sees it, or as the batch script does where no step starts
    Trial step;            // srun, as agents are started
    Trial sbatch;          // --test-only
    Trial squeue;
    bool end_in_queue = false;        // squeue says when the job ends
    bool end_in_environment = false;  // SLURM_JOB_END_TIME
    Trial route_back;                 // a connection from there to here
    FolderFacts home;

    friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

struct JobFacts {
    std::string job;         // its number; empty = none was queued
    std::string not_probed;  // why there is no `node` although nothing is wrong
    std::string problem;     // why there is no `node`: something is wrong
    Millis waited{0};        // from sbatch until the node's first word was seen
    Trial route;             // a connection from here to there
    // A file written there, seen here, answered here, seen there, and the answer seen here.
    std::optional<Millis> files_took;
    Millis clock_ahead{0};  // of the node's clock; known to half of `files_took`
    std::optional<NodeFacts> node;
};

struct DoctorFacts {
    SlurmOptions asked;  // of Slurm, by the sweep or the site
    BackendKind backend = BackendKind::local;
    MachineFacts here;
    Result<std::string> encryption;     // what ZeroMQ is there
    std::optional<RunnerFacts> runner;  // nothing = there is no xorch-runner
    FolderFacts home;                   // $XORCH_HOME
    std::optional<SlurmFacts> slurm;    // nothing = none of Slurm's commands is on PATH
    std::string job_not_probed;         // why no job was asked; empty = one was
    JobFacts job;
};

}  // namespace xorch
