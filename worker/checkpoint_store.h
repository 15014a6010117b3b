#pragma once

// The checkpoints of a unit on disk: sealing, finding the newest good one, pruning. A checkpoint is
// units/ab/cd/<id>/<attempt>/ckpt-<sequence>/ with a manifest of every file's size and hash; until
// it is sealed by a rename, its name ends in .tmp and nobody reads it (invariant I11). Only through
// Disk, so that the simulation can pull the plug at every step. Runs on the runner's checkpoint
// thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"

namespace xorch {

// Reserved names within a checkpoint.
inline constexpr const char* manifest_name = "xorch-manifest.json";
inline constexpr const char* checkpoint_rows_name = "xorch-rows.jsonl";  // rows written so far

// Beside the sealed ones in an attempt's folder: where its unit publishes, if not in scratch.
inline constexpr const char* publish_name = "publish";

struct CheckpointPlace {
    AttemptNumber attempt;
    std::uint64_t sequence = 0;
    std::string path;

    friend bool operator==(const CheckpointPlace&, const CheckpointPlace&) = default;
};

struct Checkpoint {
    CheckpointPlace place;
    std::int64_t step = -1;  // -1 = the unit did not say
    std::string resume;      // what {resume} and XORCH_RESUME say: the folder, or one file in it
    std::string restore;     // that file relative to {out}, to be put back there; empty = none
};

struct CheckpointSearch {
    std::optional<Checkpoint> found;
    std::uint64_t highest_sequence = 0;  // of all, damaged ones too; the next is one more
    std::vector<std::string> damaged;    // one sentence each, newest first
};

struct SealRequest {
    std::string attempt_directory;
    std::uint64_t sequence = 0;
    std::vector<std::string> files;  // relative to the folder, sorted
    std::int64_t step = -1;
    std::string restore;  // see Checkpoint
};

// Where the files of a checkpoint are put before it is sealed: ckpt-<sequence>.tmp.
std::string unsealed_path(const std::string& attempt_directory, std::uint64_t sequence);
std::string sealed_path(const std::string& attempt_directory, std::uint64_t sequence);

// Syncs and hashes the files of the unsealed folder, writes the manifest, renames, syncs. What it
// returns survives a power cut.
Result<void> seal_checkpoint(Disk& disk, const SealRequest& request);

// BLAKE2b-128 of its bytes, as 32 hexadecimal digits.
Result<std::string> hash_file(Disk& disk, const std::string& path);

// Reads every byte; corrupted says which file is not what was sealed.
Result<Checkpoint> verify_checkpoint(Disk& disk, const CheckpointPlace& place);

// Sealed checkpoints of attempts before `before`, newest first.
Result<std::vector<CheckpointPlace>> list_checkpoints(
    Disk& disk, const SweepLayout& layout, const UnitId& id, AttemptNumber before
);

// The newest that verifies. A damaged one is named and the one before it tried; no checkpoint at
// all is not an error.
Result<CheckpointSearch> find_checkpoint(
    Disk& disk, const SweepLayout& layout, const UnitId& id, AttemptNumber before
);

// Keeps the `keep` newest sealed checkpoints of one attempt and removes older ones. Only the agent
// of that attempt calls it.
Result<void> prune_checkpoints(Disk& disk, const std::string& attempt_directory, std::size_t keep);

// Removes every checkpoint of the unit but the `keep` newest (0 = all), and what attempts that were
// killed had not sealed; the unit is final.
Result<void> drop_checkpoints(
    Disk& disk, const SweepLayout& layout, const UnitId& id, std::size_t keep
);

// Removes a file or a folder with all that is in it; success if it is not there. Never follows
// links, as long as `disk` removes a link and not its target.
Result<void> remove_tree(Disk& disk, const std::string& path);

}  // namespace xorch
