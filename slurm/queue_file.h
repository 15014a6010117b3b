#pragma once

// Slurm's last answer about a sweep's jobs, kept beside the journal so that whoever looks at the
// sweep need not ask Slurm again. Derived: a sweep is the same without it.

#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/time.h"
#include "core/value.h"
#include "slurm/queue.h"

namespace xorch {

struct QueueAnswer {
    Millis at_unix{0};
    std::vector<QueuedJob> jobs;

    friend bool operator==(const QueueAnswer&, const QueueAnswer&) = default;
};

// Times that Slurm did not say are null.
Object queue_object(const QueueAnswer& answer);

// That object as JSON; parse_queue_answer() reads it back.
std::string format_queue_answer(const QueueAnswer& answer);

// invalid_input if it is not ours.
Result<QueueAnswer> parse_queue_answer(std::string_view text);

// One line per job: number, state, where, why it waits or when it ends.
std::vector<std::string> describe_jobs(const QueueAnswer& answer, Millis now_unix);

}  // namespace xorch
