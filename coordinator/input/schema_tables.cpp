// The tables of schema.h. Types and defaults are those of the members in core/sweep.h.

#include "coordinator/input/schema.h"

namespace xorch {

namespace {

constexpr double most_ranks = 1e6;

void add_what_runs(KeyTable<Stage>& keys) {
    keys.member("name", &Stage::name, "Unique in the file.").required().name_only();
    keys.member(
        "job", &Stage::job, "`command` runs argv; every other job is built in (`xorch jobs`)."
    );
    keys.member(
        "argv",
        &Stage::argv,
        "Program and arguments of a command, with placeholders. No shell reads them."
    );
    keys.member("argv_resume", &Stage::argv_resume, "Replaces argv when there is a checkpoint.");
    keys.text(
        "args",
        "",
        "Spells all parameters after argv: `\"hydra\"`, or a template such as "
        "`\"--{key}={value}\"`.",
        [](Stage& s, const std::string& text) { s.args.style = text; }
    );
    keys.member(
        "shell",
        &Stage::shell,
        "argv is one text that `/bin/sh -c` runs; placeholders become quoted positional "
        "parameters."
    );
}

void add_points(KeyTable<Stage>& keys) {
    keys.custom("axes", "What varies: see Axes.");
    keys.custom(
        "when",
        "`when.<axis> = { param = ..., is = ... }` or an array of conditions: the axis "
        "exists only where all hold. They name constants and earlier axes."
    );
    keys.custom("zip", "`[[\"a\", \"b\"]]`: groups of axes, equally long, that advance together.");
    keys.custom(
        "exclude",
        "An array; a point is left out if one of its entries holds. An entry is a "
        "condition, or `{ all = [ ... ] }` for several that must all hold."
    );
    keys.custom("params", "Parameters equal for all units: see Parameters.");
    keys.member(
        "needs", &Stage::needs, "Stages whose units are inputs, joined on the axes they share."
    );
    keys.member(
        "promote",
        &Stage::promote,
        "Name of a `[[select]]` whose units this stage runs, times its own axes. Axes and "
        "parameters that the stage names itself replace theirs."
    );
}

void add_how_it_runs(KeyTable<Stage>& keys) {
    keys.member(
        "code",
        &Stage::code,
        "Files and folders copied into the sweep at submit; `{code}` names the copy. "
        "Relative to the sweep file and kept so; what lies outside its folder is copied "
        "under its last name."
    );
    keys.custom("resources", "What one unit takes.");
    keys.custom("limits", "What one unit may cost.");
    keys.custom("records", "What one unit reports.");
    keys.custom(
        "checks",
        "Array of checks that `xorch audit` makes of the results, each the name of one or a table. "
        "`xorch audit --checks` lists them; those of a built-in job are made anyway."
    );
    keys.custom("checkpoints", "How one unit saves its state.");
    keys.member(
            "stop_signal",
            &Stage::stop_signal,
            "Sent with the stop file; none by default, because a program without a handler "
            "would die."
    )
        .one_of({"TERM", "INT", "USR1", "USR2"});
    keys.member(
            "exit_checkpointed",
            &Stage::exit_checkpointed,
            "Exit code that means: checkpointed, call me again."
    )
        .at_least(1)
        .at_most(255);
    keys.member(
            "threads",
            &Stage::threads,
            "Of a built-in job, at most resources.cpus; part of the identity, since bits depend on "
            "it."
    )
        .at_least(1)
        .at_most(4096);
    keys.member("canary", &Stage::canary, "Starts with one unit, then four, then all.");
    keys.text(
            "slurm_env",
            "\"clean\"",
            "`\"keep\"` lets single-rank units see `SLURM_*`.",
            [](Stage& s, const std::string& text) { s.keep_slurm_env = text == "keep"; }
    ).one_of({"clean", "keep"});
}

}  // namespace

std::vector<Key<Sweep>> top_keys() {
    KeyTable<Sweep> keys;
    keys.custom(
        "include",
        "Site files (`configs/sites/*.toml`) whose tables apply where this file does not "
        "say otherwise. A string or an array of strings, relative to this file. A site file "
        "may have `[env]`, `[local]`, `[slurm]`, `[notify]`, `[net]`, `[tuning]` and `[enforce]`."
    );
    keys.custom("sweep", "The sweep itself.").required();
    keys.custom("stage", "`[[stage]]`, once per stage, in any order.").required();
    keys.custom("select", "`[[select]]`, once per selection.");
    keys.custom("gate", "`[[gate]]`, once per selection that waits for `xorch approve`.");
    keys.custom("stop", "`[[stop]]`, once per rule that gives hopeless units up.");
    keys.custom("summary", "What the final table shows.");
    keys.custom("env", "The environment of units.");
    keys.custom("local", "This machine as a backend.");
    keys.custom("slurm", "What a sweep on a cluster asks of Slurm.");
    keys.custom("notify", "What to call when something happens.");
    keys.custom("net", "Which network to talk through.");
    keys.custom("tuning", "Times that nobody needs to change, except tests and unusual sites.");
    return keys.take();
}

std::vector<Key<Sweep>> sweep_keys() {
    KeyTable<Sweep> keys;
    keys.member("name", &Sweep::name, "Names its directory.").required().name_only();
    keys.member(
        "seed", &Sweep::seed, "Seeds of units are drawn from it and from their parameters."
    );
    keys.text(
            "backend",
            "\"local\"",
            "Who lends the nodes: this machine, or Slurm. `xorch submit --backend` says it, too.",
            [](Sweep& sweep, const std::string& text) {
                sweep.backend = text == "slurm" ? BackendKind::slurm : BackendKind::local;
            }
    ).one_of({"local", "slurm"});
    return keys.take();
}

std::vector<Key<Stage>> stage_keys() {
    KeyTable<Stage> keys;
    add_what_runs(keys);
    add_points(keys);
    add_how_it_runs(keys);
    return keys.take();
}

std::vector<Key<Resources>> resources_keys() {
    KeyTable<Resources> keys;
    keys.member("cpus", &Resources::cpus, "Processors; pinned where possible.")
        .at_least(1)
        .at_most(65536);
    keys.member("gpus", &Resources::gpus, "Whole graphics processors.").at_least(0).at_most(1024);
    keys.member(
        "memory", &Resources::memory, "Watched over the whole process tree; 0 = not watched."
    );
    keys.member("ranks", &Resources::ranks, "Processes of a gang.").at_least(1).at_most(most_ranks);
    keys.member("ranks_per_node", &Resources::ranks_per_node, "0 = as they fit.")
        .at_least(0)
        .at_most(most_ranks);
    keys.member("time", &Resources::time, "Least useful slice of an allocation; 0 = unknown.");
    return keys.take();
}

std::vector<Key<Limits>> limits_keys() {
    KeyTable<Limits> keys;
    keys.member("retries", &Limits::retries, "Failures of the unit's own that are forgiven.")
        .at_least(0)
        .at_most(255);
    keys.member(
        "checkpoint_every",
        &Limits::checkpoint_every,
        "Told to built-in jobs and to xorch.py; 0 = never by time."
    );
    keys.member("timeout", &Limits::timeout, "All attempts together; 0 = none.");
    keys.member("grace", &Limits::grace, "From the stop request to TERM, and from TERM to KILL.");
    keys.member("output", &Limits::output, "Output kept per attempt: its head and its tail.");
    keys.member("disk", &Limits::disk, "Scratch and artifacts of an attempt; more ends it.");
    return keys.take();
}

std::vector<Key<Records>> records_keys() {
    KeyTable<Records> keys;
    keys.custom(
        "from",
        "Where rows come from, if the unit does not append to `$XORCH_RECORDS` itself: "
        "exactly one of the keys below."
    );
    keys.member(
        "required", &Records::required, "Columns that the last row of a finished unit has."
    );
    keys.member(
        "optional",
        &Records::optional,
        "Columns that may be missing, NaN or infinite: `xorch audit` says nothing about them."
    );
    keys.member(
        "varies",
        &Records::varies,
        "Columns that differ between equal runs, such as times: a run that fills what is missing "
        "need not agree with them."
    );
    return keys.take();
}

std::vector<Key<Check>> check_keys() {
    KeyTable<Check> keys;
    keys.member(
            "name",
            &Check::name,
            "Of the check: one of `xorch audit --checks`, or one of your own with a column."
    )
        .required();
    keys.member(
        "column", &Check::column, "Of the records; `checks` for names that your program reports."
    );
    keys.member(
        "axis", &Check::axis, "Units that differ in it alone must not be equal in the column."
    );
    keys.member("at_least", &Check::at_least, "The column's lower bound.");
    keys.member("at_most", &Check::at_most, "The column's upper bound.");
    return keys.take();
}

std::vector<Key<RecordsFrom>> records_from_keys() {
    KeyTable<RecordsFrom> keys;
    keys.member(
        "stdout",
        &RecordsFrom::stdout_pattern,
        "Regular expression (PCRE2) with named groups; a row per line that matches, a "
        "column per group."
    );
    keys.member(
        "json",
        &RecordsFrom::json,
        "File: one object, or an array of objects. Relative to `{out}` or the working "
        "directory. What is nested becomes columns with dots, an array becomes text."
    );
    keys.member("jsonl", &RecordsFrom::jsonl, "File: one object per line, nested as above.");
    keys.member(
        "csv", &RecordsFrom::csv, "File: a header line, then values, separated by commas or tabs."
    );
    return keys.take();
}

std::vector<Key<Checkpoints>> checkpoints_keys() {
    KeyTable<Checkpoints> keys;
    keys.member(
        "from",
        &Checkpoints::from,
        "Pattern such as `\"ckpt/*.pt\"`, relative to `{out}` or the working directory: a "
        "file that matches is published once it is stable. Without it the unit publishes "
        "itself."
    );
    keys.text(
            "after",
            "\"none\"",
            "What is kept once the unit is final.",
            [](Checkpoints& t, const std::string& text) {
                t.after = text == "last" ? KeepCheckpoints::last : KeepCheckpoints::none;
            }
    ).one_of({"none", "last"});
    return keys.take();
}

std::vector<Key<Summary>> summary_keys() {
    KeyTable<Summary> keys;
    keys.member("stage", &Summary::stage, "The last by default.");
    keys.member("by", &Summary::by, "Axes or parameters that make the rows.");
    keys.member("metrics", &Summary::metrics, "Columns to average; none = every numeric one.");
    keys.member(
        "curve",
        &Summary::curve,
        "One of `by` that counts a budget: a power law of each metric over it is fitted, with the "
        "budget after which gains are noise and the repeats that tell two budgets apart."
    );
    return keys.take();
}

std::vector<Key<Environment>> environment_keys() {
    KeyTable<Environment> keys;
    keys.member(
        "setup",
        &Environment::setup,
        "Script sourced by bash once per agent (modules, conda, venv); its result is the "
        "environment of units. Relative to the file that names it."
    );
    keys.custom("set", "Table of variables to set; values are strings.");
    keys.member(
        "pass",
        &Environment::pass,
        "Names of variables taken from the submitter's environment; for Slurm, since local "
        "units see all of it."
    );
    return keys.take();
}

std::vector<Key<Local>> local_keys() {
    KeyTable<Local> keys;
    keys.member(
            "slots", &Local::slots, "Units at once; 0 = as many as this process may use processors."
    )
        .at_least(0)
        .at_most(65536);
    keys.member("time", &Local::time, "Length of an allocation; 0 = without end.");
    return keys.take();
}

std::vector<Key<Notify>> notify_keys() {
    KeyTable<Notify> keys;
    keys.member(
        "command",
        &Notify::command,
        "Called when the sweep is done, paused or stranded and at its first failure, with "
        "XORCH_EVENT, XORCH_SWEEP and XORCH_TEXT in its environment."
    );
    return keys.take();
}

std::vector<Key<Sweep>> net_keys() {
    KeyTable<Sweep> keys;
    keys.member(
        "interface",
        &Sweep::interface,
        "Name of the network interface that agents on other machines reach; not looked at on one "
        "machine, which talks over loopback."
    );
    return keys.take();
}

std::vector<Key<Tuning>> tuning_keys() {
    KeyTable<Tuning> keys;
    keys.member("heartbeat_every", &Tuning::heartbeat_every, "Both ways.");
    keys.member(
        "suspect_after", &Tuning::suspect_after, "No new work for an agent silent so long."
    );
    keys.member("lost_after", &Tuning::lost_after, "Its units are given away.");
    keys.member(
        "leaderless_exit", &Tuning::leaderless_exit, "An idle agent that hears nothing exits."
    );
    keys.member(
        "holder_silent",
        &Tuning::holder_silent,
        "An epoch whose counter stood still so long may be succeeded."
    );
    keys.member("alive_every", &Tuning::alive_every, "How often that counter moves.");
    keys.member(
        "commit_wait",
        &Tuning::commit_wait,
        "How long facts wait for company before they are synced."
    );
    keys.member("inbox_every", &Tuning::inbox_every, "How often the inbox is looked at.");
    keys.member(
        "canary_healthy", &Tuning::canary_healthy, "A canary that ran so long counts as good."
    );
    keys.member(
        "drain_slack",
        &Tuning::drain_slack,
        "Kept free between a last checkpoint and the end of an allocation."
    );
    keys.member(
        "save_guess", &Tuning::save_guess, "Time of a checkpoint before the first is measured."
    );
    keys.member(
        "runner_growth",
        &Tuning::runner_growth,
        "A runner whose memory grew by more gives way to a fresh one; 0 = never."
    );
    keys.member(
        "tables_every",
        &Tuning::tables_every,
        "How often tables are rewritten while the sweep runs."
    );
    return keys.take();
}

}  // namespace xorch
