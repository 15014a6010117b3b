#pragma once

// What a state of a Slurm job means to us. A state is a base plus flags, of which most commands
// print one word, long ("NODE_FAIL") or short ("NF"). A word that this table does not know is
// unknown: neither failed nor complete, so a newer Slurm cannot make us give up a job that lives.
// Pure.

#include <optional>
#include <string_view>

namespace xorch {

enum class SlurmPhase {
    waiting,   // nothing of ours runs yet, or no more: queued, held, or its nodes are booting
    running,   // its nodes are ours, also while it is suspended or changes its size
    stopping,  // its processes are being ended or their files moved; its nodes are not free yet
    ended,
    unknown,
};

enum class SlurmEnd {
    complete,
    time_limit,
    preempted,
    node_failure,
    cancelled,
    memory,
    failed,  // the batch script's exit code; the journal knows more
};

struct SlurmJobState {
    SlurmPhase phase = SlurmPhase::unknown;
    std::optional<SlurmEnd> end;  // why it ended or is stopping, if the words say so

    friend bool operator==(const SlurmJobState&, const SlurmJobState&) = default;
};

// One word, or a base with its flags as some commands join them ("CANCELLED by 1000",
// "TIMEOUT,COMPLETING"). One word unknown makes all of it unknown.
SlurmJobState parse_job_state(std::string_view text);

// Whether it ended for a reason outside the unit: it says nothing about what ran.
bool is_known_stop(SlurmEnd end);

std::string_view word_for(SlurmEnd end);

}  // namespace xorch
