#include "slurm/job_state.h"

#include <algorithm>
#include <array>

#include "slurm/fields.h"

namespace xorch {

namespace {

struct StateWord {
    std::string_view name;
    std::string_view code;
    SlurmJobState means;
};

constexpr SlurmJobState waiting{SlurmPhase::waiting, std::nullopt};
constexpr SlurmJobState running{SlurmPhase::running, std::nullopt};
constexpr SlurmJobState stopping{SlurmPhase::stopping, std::nullopt};

constexpr SlurmJobState ended(SlurmEnd end) {
    return {SlurmPhase::ended, end};
}

// Bases first, then flags. REVOKED is of a federation: another cluster started the job, and this
// copy is gone.
constexpr std::array states{
    StateWord{"PENDING",       "PD",  waiting                      },
    StateWord{"RUNNING",       "R",   running                      },
    StateWord{"SUSPENDED",     "S",   running                      },
    StateWord{"COMPLETED",     "CD",  ended(SlurmEnd::complete)    },
    StateWord{"CANCELLED",     "CA",  ended(SlurmEnd::cancelled)   },
    StateWord{"FAILED",        "F",   ended(SlurmEnd::failed)      },
    StateWord{"TIMEOUT",       "TO",  ended(SlurmEnd::time_limit)  },
    StateWord{"NODE_FAIL",     "NF",  ended(SlurmEnd::node_failure)},
    StateWord{"PREEMPTED",     "PR",  ended(SlurmEnd::preempted)   },
    StateWord{"BOOT_FAIL",     "BF",  ended(SlurmEnd::node_failure)},
    StateWord{"DEADLINE",      "DL",  ended(SlurmEnd::time_limit)  },
    StateWord{"OUT_OF_MEMORY", "OOM", ended(SlurmEnd::memory)      },
    StateWord{"REVOKED",       "RV",  ended(SlurmEnd::cancelled)   },
    StateWord{"CONFIGURING",   "CF",  waiting                      },
    StateWord{"COMPLETING",    "CG",  stopping                     },
    StateWord{"STAGE_OUT",     "SO",  stopping                     },
    StateWord{"RESIZING",      "RS",  running                      },
    StateWord{"SIGNALING",     "SI",  running                      },
    StateWord{"STOPPED",       "ST",  running                      },
    StateWord{"REQUEUED",      "RQ",  waiting                      },
    StateWord{"REQUEUE_FED",   "RF",  waiting                      },
    StateWord{"REQUEUE_HOLD",  "RH",  waiting                      },
    StateWord{"SPECIAL_EXIT",  "SE",  waiting                      },
    StateWord{"RESV_DEL_HOLD", "RD",  waiting                      },
};

std::optional<SlurmJobState> look_up(std::string_view word) {
    const auto* found = std::find_if(states.begin(), states.end(), [&](const StateWord& state) {
        return state.name == word || state.code == word;
    });
    if (found == states.end()) return std::nullopt;
    return found->means;
}

// How much one word of several decides: what is still going on outweighs how it will have ended,
// and a job that is queued again is neither running nor over.
int weight(SlurmPhase phase) {
    switch (phase) {
        case SlurmPhase::running:
            return 0;
        case SlurmPhase::ended:
            return 1;
        case SlurmPhase::stopping:
            return 2;
        case SlurmPhase::waiting:
            return 3;
        case SlurmPhase::unknown:
            return 4;
    }
    return 4;
}

}  // namespace

SlurmJobState parse_job_state(std::string_view text) {
    text = trim_field(text);
    // sacct adds who cancelled it.
    if (text.starts_with("CANCELLED by ")) text = "CANCELLED";
    // And it marks a cut column by a plus at its end.
    if (text.ends_with('+')) text.remove_suffix(1);
    std::optional<SlurmJobState> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(",+"), text.size());
        const auto one = look_up(text.substr(0, end));
        if (!one) return {};
        if (!all) all = SlurmJobState{one->phase, std::nullopt};
        if (weight(one->phase) > weight(all->phase)) all->phase = one->phase;
        if (one->end) all->end = one->end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!all) return {};
    if (all->phase == SlurmPhase::waiting) all->end.reset();  // it will run again
    return *all;
}

bool is_known_stop(SlurmEnd end) {
    switch (end) {
        case SlurmEnd::time_limit:
        case SlurmEnd::preempted:
        case SlurmEnd::node_failure:
        case SlurmEnd::cancelled:
            return true;
        case SlurmEnd::complete:
        case SlurmEnd::memory:
        case SlurmEnd::failed:
            return false;
    }
    return false;
}

std::string_view word_for(SlurmEnd end) {
    switch (end) {
        case SlurmEnd::complete:
            return "complete";
        case SlurmEnd::time_limit:
            return "time limit";
        case SlurmEnd::preempted:
            return "preempted";
        case SlurmEnd::node_failure:
            return "node failure";
        case SlurmEnd::cancelled:
            return "cancelled";
        case SlurmEnd::memory:
            return "out of memory";
        case SlurmEnd::failed:
            return "failed";
    }
    return "?";
}

}  // namespace xorch
