#include "core/planted.h"

#include <algorithm>

namespace xorch::planted {

#ifdef XORCH_PLANTED_BUGS

namespace {

// The one variable of its kind: rules that are pure would otherwise have to carry it everywhere.
Bug planted = Bug::none;

}  // namespace

std::vector<std::string_view> names() {
    return {
        "ack_before_sync",
        "attempt_reused",
        "cancelled_reports",
        "counted_twice",
        "end_kept",
        "end_ranks_forgotten",
        "forgotten_ends",
        "gate_ignored",
        "hopeless_inputs_run",
        "hopeless_retried",
        "intent_twice",
        "no_epoch_check",
        "own_job_as_heir",
        "rename_without_fsync",
        "reopened_attempt_kept",
        "second_term_kills",
        "selection_twice",
        "share_kept",
        "slots_twice",
        "stale_copy",
        "standing_rows_lost",
        "timer_lost",
        "units_before_successor",
        "unsealed_checkpoint",
        "unsettled_lender",
    };
}

bool plant(std::string_view name) {
    const auto all = names();
    const auto found = std::find(all.begin(), all.end(), name);
    if (found == all.end()) return false;
    planted = static_cast<Bug>(found - all.begin() + 1);
    return true;
}

bool has(Bug bug) {
    return planted == bug;
}

#else

std::vector<std::string_view> names() {
    return {};
}

bool plant(std::string_view) {
    return false;
}

#endif

}  // namespace xorch::planted
