#pragma once

// Bugs that the simulation must find. They exist in builds with -DXORCH_PLANTED_BUGS=ON only, and
// there one at a time is switched on by name; in every other build has() is a constant false and
// nothing is left of them.

#include <string_view>
#include <vector>

namespace xorch::planted {

enum class Bug {
    none,
    ack_before_sync,
    attempt_reused,
    cancelled_reports,
    counted_twice,
    end_kept,
    end_ranks_forgotten,
    forgotten_ends,
    gate_ignored,
    hopeless_inputs_run,
    hopeless_retried,
    intent_twice,
    no_epoch_check,
    own_job_as_heir,
    rename_without_fsync,
    reopened_attempt_kept,
    second_term_kills,
    selection_twice,
    share_kept,
    slots_twice,
    stale_copy,
    standing_rows_lost,
    timer_lost,
    units_before_successor,
    unsealed_checkpoint,
    unsettled_lender,
};

// All but none; empty in a build without them.
std::vector<std::string_view> names();

// Switches one on, for the whole process and before anything runs. False if there is none of that
// name.
bool plant(std::string_view name);

#ifdef XORCH_PLANTED_BUGS
bool has(Bug bug);
#else
constexpr bool has(Bug) {
    return false;
}
#endif

}  // namespace xorch::planted
