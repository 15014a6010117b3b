#pragma once

// The sweep as read from its file: plain data, checked by coordinator/input, immutable afterwards.
// One struct per TOML table, one member per key, under the key's own name; docs/sweep-file.md is
// generated from the schema that fills these.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/time.h"
#include "core/value.h"

namespace xorch {

// Number of bytes; a type so that it is not taken for another number.
struct Bytes {
    std::uint64_t value = 0;

    friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

// One test on a parameter or a metric. Exactly one of `param` and `metric` is set; every bound that
// is set must hold. A missing value or a NaN satisfies nothing, also not `is_not`.
struct Condition {
    std::string param;
    std::string metric;
    std::optional<Value> is;
    std::optional<Value> is_not;
    std::vector<Value> in;  // empty = not asked
    std::optional<double> at_least;
    std::optional<double> at_most;
};

struct Axis {
    std::string name;
    std::vector<Value> values;  // never empty, no value twice
    std::vector<Condition>
        when;  // all must hold for the axis to exist at a point; it depends on earlier axes only
};

struct Resources {
    std::uint32_t cpus = 1;
    std::uint32_t gpus = 0;
    Bytes memory{0};  // 0 = not watched
    std::uint32_t ranks = 1;
    std::uint32_t ranks_per_node = 0;  // 0 = as they fit
    Millis time{0};                    // least useful slice; 0 = unknown

    // Several processes, started and ended together.
    bool is_gang() const { return ranks > 1; }

    friend bool operator==(const Resources&, const Resources&) = default;
};

struct Limits {
    std::uint32_t retries = 2;        // failures of the unit's own that are forgiven
    Millis checkpoint_every{60'000};  // told to native jobs and to xorch.py; 0 = never by time
    Millis timeout{0};                // all attempts together; 0 = none
    Millis grace{10'000};             // from the stop request to TERM, and from TERM to KILL
    Bytes output{64ULL << 20U};       // per attempt; head and tail are kept
    Bytes disk{100ULL << 30U};        // scratch and artifacts of an attempt; more ends it
};

// Where the rows of a command unit come from. At most one source; none = the unit appends to
// $XORCH_RECORDS itself.
struct RecordsFrom {
    std::string stdout_pattern;  // PCRE2 with named groups; one row per matching line
    std::string
        json;  // path relative to {out} or the working directory: one object or an array of objects
    std::string jsonl;  // one object per line
    std::string csv;    // header line, comma or tab
};

struct Records {
    RecordsFrom from;
    std::vector<std::string> required;  // columns; a done unit has each in its last row
    std::vector<std::string> optional;  // may be missing, NaN or infinite
    std::vector<std::string> varies;    // may differ between equal runs, as times do
};

enum class KeepCheckpoints { none, last };

struct Checkpoints {
    std::string from;  // glob relative to the unit's {out}, or to the working directory; empty =
                       // the unit publishes itself
    KeepCheckpoints after = KeepCheckpoints::none;
};

// How all parameters are spelled after argv: not at all, by a template such as "--{key}={value}",
// or as Hydra does.
struct Arguments {
    std::string style;  // "", "hydra", or a template with {key} and {value}
};

struct Stage {
    std::string name;
    std::string job = "command";
    std::uint32_t job_version = 1;
    std::vector<std::string> argv;
    std::vector<std::string> argv_resume;  // empty = argv also when there is a checkpoint
    Arguments args;
    bool shell = false;  // argv has one element, given to /bin/sh -c
    std::vector<Axis> axes;
    std::vector<std::vector<std::string>>
        zip;  // groups of axes that advance together, equally long
    std::vector<std::vector<Condition>>
        exclude;    // a point for which all conditions of one entry hold is left out
    Object params;  // constants, in file order
    // Parameter of type path -> each of its values (an absolute path) -> manifest hash ("" before
    // freezing).
    std::map<std::string, std::map<std::string, std::string>> path_hashes;
    std::vector<std::string> needs;  // stages whose units are inputs
    std::string
        promote;  // name of a selection whose units this stage runs; empty = its own axes only
    std::vector<std::string> code;  // files and folders copied into the sweep
    std::string code_hash;          // "" = no code declared, or not frozen yet
    Resources resources;
    Limits limits;
    Records records;
    std::vector<Check> checks;  // the job's own, then those of the file
    Checkpoints checkpoints;
    std::string stop_signal;  // "", "TERM", "INT", "USR1", "USR2"
    int exit_checkpointed = 75;
    std::uint32_t threads = 1;  // native jobs only; part of the identity
    bool canary = true;         // one unit, then four, then all
    bool keep_slurm_env = false;
};

struct OrderKey {
    std::string metric;
    bool minimise = false;
    double tolerance = 0;             // values this close count as equal and the next key decides
    bool one_standard_error = false;  // so do means within one of the best mean
};

// What would be chosen if other things mattered first: told beside the choice, decides nothing.
struct AlternativeOrder {
    std::string name;
    std::vector<OrderKey> order;
};

// Which rows of a unit a selection reads.
enum class RowsRead { last, best, mean_of_last };

struct Select {
    std::string name;
    std::string from;  // stage
    std::vector<OrderKey> order;
    std::vector<Condition> require;
    std::uint32_t take = 1;
    std::vector<std::string> repeats;  // axes whose points are repeats of one choice
    bool allow_missing = false;        // choose although repeats are missing
    RowsRead rows = RowsRead::last;
    std::uint32_t last_rows = 1;  // of mean_of_last
    std::vector<AlternativeOrder> alternatives;
};

// Holds a selection until somebody has looked at what it would choose: `xorch approve`.
struct Gate {
    std::string name;
    std::string select;  // the selection that it holds
    bool manual = true;
    std::string look_at;  // what only eyes can judge, for people
};

// A unit is hopeless once one of its rows satisfies the condition, which names a metric.
struct StopRule {
    std::string stage;  // empty = every stage
    Condition condition;
    std::int64_t from_step = 0;  // rows of earlier steps are not looked at
};

struct Summary {
    std::string stage;  // empty = the last
    std::vector<std::string> by;
    std::vector<std::string> metrics;  // empty = every numeric column
    std::string curve;                 // the axis that counts a budget; empty = no curves
};

struct Environment {
    std::string setup;        // script sourced by bash once per agent, absolute after freezing
    std::string setup_hash;   // of its text; "" = there is none, or not frozen yet
    std::vector<Member> set;  // values are strings
    std::vector<std::string> pass;  // names taken from the submitter's environment; for Slurm
};

struct Local {
    std::uint32_t slots = 0;  // units at once; 0 = as many as this process may use CPUs
    Millis time{0};           // length of an allocation; 0 = without end
};

// Where the coordinator of a sweep on Slurm runs.
enum class SlurmPlace { allocation, host };

// What starts the ranks of a gang within an allocation.
enum class GangLauncher { srun, mpirun };

// What is asked of Slurm for one allocation, and how many there may be. Texts are checked by
// core/slurm_options.h.
struct SlurmOptions {
    std::string partition;  // empty = the site's default, as below
    std::string account;
    std::string qos;
    std::string constraint;
    std::string comment;
    std::string mpi;  // of srun --mpi; empty = pmix
    GangLauncher launcher = GangLauncher::srun;
    std::uint32_t nodes = 1;
    std::uint32_t cpus_per_node = 0;  // 0 = all of a node
    std::uint32_t gpus_per_node = 0;
    Bytes memory_per_node{0};           // 0 = the site's default
    Millis time{0};                     // of one allocation; 0 = the partition's default
    std::uint32_t max_allocations = 1;  // at once; the queued successor of each does not count
    std::uint32_t queue_ahead = 0;      // by `submit`, one behind the other; 0 = each
                                        // allocation queues the next
    Millis signal_lead{60'000};         // Slurm's signal comes so long before the end; 0 = none
    SlurmPlace place = SlurmPlace::allocation;
    std::map<std::string, std::string> options;  // further options of sbatch; "" = a flag
};

struct Notify {
    std::vector<std::string> command;
};

// Times and limits that nobody needs to change, except tests and unusual sites. Defaults are
// design.md's.
struct Tuning {
    Millis heartbeat_every{5'000};
    Millis suspect_after{15'000};     // no new work for a silent agent
    Millis lost_after{60'000};        // its units are given away
    Millis leaderless_exit{300'000};  // an idle agent that hears nothing exits
    Millis holder_silent{20'000};  // an epoch's counter that stood still so long may be succeeded
    Millis alive_every{3'000};
    Millis commit_wait{20};  // group commit
    Millis inbox_every{2'000};
    Millis canary_healthy{30'000};  // a canary that ran so long counts as good
    Millis drain_slack{5'000};
    Millis save_guess{10'000};           // time of a checkpoint before the first sample
    Bytes runner_growth{512ULL << 20U};  // memory that wears a runner out
    Millis tables_every{5'000};          // how often derived tables are rewritten while running
};

// Who lends the nodes.
enum class BackendKind { local, slurm };

struct Sweep {
    std::string name;
    BackendKind backend = BackendKind::local;
    std::int64_t seed = 0;
    std::vector<Stage> stages;
    std::vector<Select> selects;
    std::vector<Gate> gates;
    std::vector<StopRule> stops;
    Summary summary;
    Environment env;
    Local local;
    SlurmOptions slurm;
    Notify notify;
    std::string interface;  // [net] interface; empty = loopback locally
    Tuning tuning;
    std::string directory;  // the sweep file's folder, absolute: the units' working directory
};

// The stage of that name, or nothing.
std::optional<std::uint32_t> find_stage(const Sweep& sweep, std::string_view name);

}  // namespace xorch
