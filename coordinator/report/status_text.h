#pragma once

// A status as a page of text for a tired person: how far it is, what runs, what went wrong and why,
// what it waits for, and the next command. Pure functions.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/report/failures.h"
#include "coordinator/report/status.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

struct StatusPage {
    Millis now_unix{0};
    std::size_t width = 80;
    std::string argument;  // how the sweep is named on the next command's line; empty = newest
    // What the batch system says about the sweep's jobs, a line each, and how long ago.
    std::string jobs_title;
    std::vector<std::string> jobs;
    std::optional<Bytes> disk_free;  // on the file system of the sweep; nothing = unknown
    std::vector<Failure> failures;   // details of status.failed, as far as they could be read
};

std::vector<std::string> status_lines(const SweepStatus& status, const StatusPage& page);

bool is_disk_full(const std::optional<Bytes>& disk_free);

// What to type next: "xorch watch", "xorch resume budget_curve", "xorch summary".
std::string next_command(const SweepStatus& status, const std::string& argument);

// The part of the page about failed units, also for the end of `submit`. Empty if nothing failed.
std::vector<std::string> failure_lines(const SweepStatus& status, const StatusPage& page);

}  // namespace xorch
