// The tables of schema.h about Slurm. Defaults are those of the members in core/sweep.h.

#include "coordinator/input/schema.h"

namespace xorch {

namespace {

void add_what_is_asked(KeyTable<SlurmOptions>& keys) {
    keys.member(
        "partition", &SlurmOptions::partition, "Several, with commas: the first that is free."
    );
    keys.member("account", &SlurmOptions::account, "Who pays.");
    keys.member("qos", &SlurmOptions::qos, "Quality of service.");
    keys.member("constraint", &SlurmOptions::constraint, "Features that nodes must have.");
    keys.member("comment", &SlurmOptions::comment, "Shown by Slurm with the job.");
    keys.member("nodes", &SlurmOptions::nodes, "Nodes of one allocation.")
        .at_least(1)
        .at_most(65536);
    keys.member(
            "cpus_per_node",
            &SlurmOptions::cpus_per_node,
            "0 = what the largest unit takes, times the units that gpus_per_node serves; all of a "
            "node with options.exclusive."
    )
        .at_least(0)
        .at_most(65536);
    keys.member("gpus_per_node", &SlurmOptions::gpus_per_node, "Whole graphics processors.")
        .at_least(0)
        .at_most(1024);
    keys.member(
        "memory_per_node", &SlurmOptions::memory_per_node, "0 = what the site gives by default."
    );
    keys.member(
        "time",
        &SlurmOptions::time,
        "Length of one allocation, rounded up to minutes; 0 = the partition's default."
    );
}

}  // namespace

std::vector<Key<SlurmOptions>> slurm_keys() {
    KeyTable<SlurmOptions> keys;
    add_what_is_asked(keys);
    keys.member(
            "max_allocations",
            &SlurmOptions::max_allocations,
            "At the same time; the queued successor of each does not count."
    )
        .at_least(1)
        .at_most(1000);
    keys.member(
            "queue_ahead",
            &SlurmOptions::queue_ahead,
            "For sites whose jobs may not submit jobs: so many allocations are queued at once by "
            "`submit`, one behind the other, and by `resume` when they are used up. 0 = each "
            "allocation queues its successor."
    )
        .at_least(0)
        .at_most(1000);
    keys.member(
        "signal_lead",
        &SlurmOptions::signal_lead,
        "Slurm's signal is asked for so long before the end; 0 = none is asked for."
    );
    keys.text(
            "place",
            "\"allocation\"",
            "Where the coordinator runs: in the first allocation, or on the host that submits.",
            [](SlurmOptions& slurm, const std::string& text) {
                slurm.place = text == "host" ? SlurmPlace::host : SlurmPlace::allocation;
            }
    ).one_of({"allocation", "host"});
    keys.member(
        "mpi",
        &SlurmOptions::mpi,
        "Plugin for gangs, as `srun --mpi` names it; \"pmix\" if there is none here."
    );
    keys.text(
            "launcher",
            "\"srun\"",
            "What starts the ranks of a gang within an allocation; on this machine it is mpirun.",
            [](SlurmOptions& slurm, const std::string& text) {
                slurm.launcher = text == "mpirun" ? GangLauncher::mpirun : GangLauncher::srun;
            }
    ).one_of({"srun", "mpirun"});
    keys.custom("options", "Table of further options of sbatch: see below.");
    return keys.take();
}

std::vector<Key<SlurmOptions>> cap_keys() {
    std::vector<Key<SlurmOptions>> keys = slurm_keys();
    std::erase_if(keys, [](const Key<SlurmOptions>& key) {
        const KeyType type = key.text.type;
        const bool quantity =
            type == KeyType::integer || type == KeyType::size || type == KeyType::duration;
        return !quantity || key.text.name == "signal_lead" || key.text.name == "queue_ahead";
    });
    for (Key<SlurmOptions>& key : keys) {
        key.text.fallback.clear();
        key.text.doc = key.text.name == "time"
                           ? "Also the length of allocations of a sweep that names none."
                           : "The most that a sweep may ask for.";
    }
    return keys;
}

}  // namespace xorch
