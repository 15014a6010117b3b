#pragma once

// Frames: payloads one after the other in a file, each with its length and a checksum, so that a
// reader can tell whole ones from what a crash left. The journal (docs/journal-format.md), spools
// and snapshots are made of them. Pure; behind this header stands XXH3.
//
// A frame is: length of the payload (4 bytes), `unsynced` (4 bytes), checksum over these eight and
// all that follows (8 bytes), the payload, zeros up to a multiple of eight. Numbers are
// little-endian. So payloads start at multiples of eight if the first frame does.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace xorch {

inline constexpr std::size_t frame_header_bytes = 16;

// A length beyond this is not one that was written: far above what a batch or message may be, and
// small enough that a damaged length cannot ask for all memory.
inline constexpr std::uint64_t frame_payload_max = 256ULL << 20U;

struct FrameMark {
    // Mixed into the checksum: a frame of another place or file is not taken for one of this.
    std::uint64_t seed = 0;

    // How many bytes just before the frame were not known to be durable when it was made. Such a
    // frame proves that everything before them was durable once: damage there is no torn tail.
    std::uint32_t unsynced = std::numeric_limits<std::uint32_t>::max();
};

// Bytes that the frame of such a payload takes.
std::uint64_t frame_bytes(std::uint64_t payload_bytes);

void append_frame(std::string& out, std::string_view payload, FrameMark mark = {});

// XXH3 with 64 bits.
std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0);

struct Frame {
    std::string_view payload;  // into the bytes that were parsed
    std::uint32_t unsynced = 0;
    std::uint64_t bytes = 0;  // of the whole frame
};

// The frame at the start of `bytes`, or nothing if they do not start with a whole, undamaged one.
std::optional<Frame> parse_frame(std::string_view bytes, std::uint64_t seed = 0);

// How many bytes the frame at the start of `bytes` claims to take, checked against nothing but the
// limits; nothing if `bytes` is shorter than a frame's header or the claim is impossible.
std::optional<std::uint64_t> claimed_frame_bytes(std::string_view bytes);

// Reads the frames of one file one by one. What is not whole ends the reading: whether that is a
// torn tail or damage is the caller's question.
class FrameReader {
 public:
    // `bytes` must outlive the reader and what it returns.
    explicit FrameReader(std::string_view bytes, std::uint64_t seed = 0);

    // The next payload, or nothing.
    std::optional<std::string_view> next();

    // Bytes up to the end of the last whole frame.
    std::uint64_t offset() const { return offset_; }

    // Every byte belonged to a whole frame.
    bool at_end() const { return offset_ == bytes_.size(); }

 private:
    std::string_view bytes_;
    std::uint64_t seed_;
    std::uint64_t offset_ = 0;
};

}  // namespace xorch
