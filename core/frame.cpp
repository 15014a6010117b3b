#include "core/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/error.h"

namespace xorch {

namespace {

constexpr std::uint64_t alignment = 8;
constexpr std::size_t checksum_at = 8;

void put_little_endian(std::string& out, std::size_t at, std::uint64_t number, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        out[at + i] = static_cast<char>((number >> (8 * i)) & 0xFFU);
    }
}

std::uint64_t get_little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i) {
        number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return number;
}

// The checksum of a whole frame: the eight bytes before it steer the one over what follows it, so
// that no copy is needed.
std::uint64_t frame_checksum(std::string_view frame, std::uint64_t seed) {
    const std::uint64_t head = checksum(frame.substr(0, checksum_at), seed);
    return checksum(frame.substr(frame_header_bytes), head);
}

}  // namespace

std::uint64_t frame_bytes(std::uint64_t payload_bytes) {
    return frame_header_bytes + (payload_bytes + alignment - 1) / alignment * alignment;
}

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

void append_frame(std::string& out, std::string_view payload, FrameMark mark) {
    XORCH_CHECK(payload.size() <= frame_payload_max, "a frame's payload is too large");
    const std::size_t start = out.size();
    out.resize(start + frame_header_bytes);
    put_little_endian(out, start, payload.size(), 4);
    put_little_endian(out, start + 4, mark.unsynced, 4);
    out.append(payload);
    out.resize(start + frame_bytes(payload.size()), '\0');
    const std::uint64_t sum = frame_checksum(std::string_view(out).substr(start), mark.seed);
    put_little_endian(out, start + checksum_at, sum, 8);
}

std::optional<std::uint64_t> claimed_frame_bytes(std::string_view bytes) {
    if (bytes.size() < frame_header_bytes) return std::nullopt;
    const std::uint64_t length = get_little_endian(bytes, 0, 4);
    if (length > frame_payload_max) return std::nullopt;
    return frame_bytes(length);
}

std::optional<Frame> parse_frame(std::string_view bytes, std::uint64_t seed) {
    const auto claimed = claimed_frame_bytes(bytes);
    if (!claimed || *claimed > bytes.size()) return std::nullopt;
    const std::string_view frame = bytes.substr(0, *claimed);
    if (get_little_endian(frame, checksum_at, 8) != frame_checksum(frame, seed)) {
        return std::nullopt;
    }
    const std::uint64_t length = get_little_endian(frame, 0, 4);
    return Frame{
        .payload = frame.substr(frame_header_bytes, length),
        .unsynced = static_cast<std::uint32_t>(get_little_endian(frame, 4, 4)),
        .bytes = *claimed,
    };
}

FrameReader::FrameReader(std::string_view bytes, std::uint64_t seed) : bytes_(bytes), seed_(seed) {}

std::optional<std::string_view> FrameReader::next() {
    const auto frame = parse_frame(bytes_.substr(offset_), seed_);
    if (!frame) return std::nullopt;
    offset_ += frame->bytes;
    return frame->payload;
}

}  // namespace xorch
