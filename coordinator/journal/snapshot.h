#pragma once

// Snapshots bound the time of a replay: the state as the journal up to some place adds up to, kept
// in journal/<epoch>.snap. They are a convenience: a damaged one, or one of facts that do not count
// any more, is passed over with a note, and the journal is replayed from further back.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/record.h"

namespace xorch {

struct Snapshot {
    FactLocation position;  // where the replay goes on
    std::string state;
};

// By rename. Everything before `position` must be durable.
Result<void> write_snapshot(
    Disk& disk, const std::string& path, FactLocation position, std::string_view state
);

// `corrupted` if it is not what was written.
Result<Snapshot> read_snapshot(Disk& disk, const std::string& path);

struct SnapshotSearch {
    std::optional<Snapshot> found;
    std::vector<std::string> notes;  // why others were passed over, for people
};

// The newest snapshot that can be used.
SnapshotSearch find_snapshot(Disk& disk, const SweepLayout& layout);

}  // namespace xorch
