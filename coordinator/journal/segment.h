#pragma once

// One segment of the journal as bytes: its name, its header, its frames, and what may be said about
// bytes that are not a whole frame. For the files of this folder; others use journal.h. The format
// is described in docs/journal-format.md. One thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"

namespace xorch {

struct SegmentHeader {
    std::string sweep_hash;
    EpochNumber epoch;
    EpochNumber previous;              // 0 = this is the first
    std::uint64_t previous_bytes = 0;  // of it that count
    Holder holder;
    std::string claim;        // tells two claims of one holder apart
    std::uint64_t bytes = 0;  // of the header itself; set by reading
};

std::string segment_path(const std::string& directory, EpochNumber epoch);

// The epochs that have a segment, in order; a gap is `corrupted`.
Result<std::vector<EpochNumber>> list_segments(Disk& disk, const std::string& directory);

std::string encode_segment_header(const SegmentHeader& header);

// `invalid_input` for a format of another version, `corrupted` for anything else that is no header.
Result<SegmentHeader> read_segment_header(
    Disk& disk, const std::string& directory, EpochNumber epoch
);

// How many bytes of a segment count: what the next one's header says, or nothing if there is none.
Result<std::optional<std::uint64_t>> counted_bytes(
    Disk& disk, const std::string& directory, EpochNumber epoch
);

// Mixed into the checksum of the frame at that place, so that no bytes of another place are taken
// for it.
std::uint64_t frame_seed(EpochNumber epoch, std::uint64_t offset);

// A `corrupted` error that names the file, the byte and what to do.
tl::unexpected<Error> fail_damaged(
    const std::string& path, std::uint64_t offset, std::string_view what
);

struct SegmentPlace {
    EpochNumber epoch;
    std::uint64_t offset = 0;             // of the first frame to read
    std::optional<std::uint64_t> counts;  // bytes that count; nothing = as far as frames are whole
};

struct SegmentFrame {
    std::string_view payload;  // until the next call
    std::uint64_t offset = 0;
};

// Reads frames in order, a few megabytes at a time.
class SegmentReader {
 public:
    SegmentReader(Disk& disk, const std::string& directory, SegmentPlace place);

    // The next frame; nothing at the end of what counts, or at a torn tail of the newest segment.
    Result<std::optional<SegmentFrame>> next();

    // Where the next frame starts: after the end, how many bytes count.
    std::uint64_t offset() const { return place_.offset; }

 private:
    // The bytes from offset() on, at least `bytes` of them if the file has so many.
    Result<std::string_view> peek(std::uint64_t bytes);

    // A later frame says that the bytes at offset() were durable once.
    Result<bool> was_durable();

    Disk& disk_;
    std::string path_;
    SegmentPlace place_;
    std::string buffer_;
    std::uint64_t buffer_at_ = 0;
};

}  // namespace xorch
