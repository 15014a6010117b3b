#pragma once

// From what a unit publishes to a sealed checkpoint: a finished folder renamed into
// $XORCH_CHECKPOINT_DIR, or a file that matches `checkpoints.from` and is stable. Runs on the
// runner's checkpoint thread; everything it needs is in the request.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "worker/attempt/records/checkpoint_rows.h"
#include "worker/attempt/storage/file_tree.h"

namespace xorch {

// One match of `checkpoints.from` as it looked: a file or a folder with its files.
struct GlobMatch {
    std::string path;
    std::string relative;  // to the base
    std::vector<TreeFile> files;

    std::int64_t newest_change_ns() const;
    friend bool operator==(const GlobMatch&, const GlobMatch&) = default;
};

// What the last look saw and took; travels with the requests.
struct GlobState {
    std::vector<GlobMatch> seen;
    std::int64_t taken_ns = 0;  // nothing changed before this is taken again
};

struct PublishRequest {
    std::string publish;             // $XORCH_CHECKPOINT_DIR
    std::string glob;                // checkpoints.from; empty = none
    std::vector<std::string> bases;  // folders that the glob is relative to, in order of preference
    std::int64_t not_before_ns = 0;  // files changed before the attempt started are not its own
    GlobState state;
    bool ended = false;            // the unit exited by itself: whatever is there is stable
    std::vector<pid_t> processes;  // of the attempt; none may have the file open for writing
    std::string attempt_directory;
    std::uint64_t sequence = 0;
    AttemptRows rows;
};

struct Published {
    GlobState state;
    bool sealed = false;
    std::uint64_t sequence = 0;
    std::int64_t step = -1;
    Millis written{0};                  // how long the unit wrote it, as far as that is known
    std::vector<std::string> problems;  // what was published and refused, for people
};

Published publish_checkpoints(Disk& disk, PublishRequest request);

// True if there is a finished folder.
bool has_published(const std::string& publish);

}  // namespace xorch
