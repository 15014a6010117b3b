#include "jobs/beats/data/wfdb_samples.h"

namespace xorch::beats {

namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

std::int16_t from_12_bits(std::uint32_t bits) {
    const auto number = static_cast<std::int32_t>(bits & 0xfffU);
    return static_cast<std::int16_t>(number >= 0x800 ? number - 0x1000 : number);
}

std::uint32_t to_12_bits(std::int16_t sample) {
    return static_cast<std::uint32_t>(sample) & 0xfffU;
}

// A pair: low bytes at both ends, the high four bits of both in the middle.
std::vector<std::int16_t> decode_packed_12(std::string_view bytes, std::size_t samples) {
    std::vector<std::int16_t> decoded(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const std::size_t pair = i / 2 * 3;
        const std::uint32_t middle = byte_at(bytes, pair + 1);
        const std::uint32_t bits = i % 2 == 0 ? byte_at(bytes, pair) | (middle & 0x0fU) << 8U
                                              : byte_at(bytes, pair + 2) | (middle & 0xf0U) << 4U;
        decoded[i] = from_12_bits(bits);
    }
    return decoded;
}

std::string encode_packed_12(const std::vector<std::int16_t>& samples) {
    std::string bytes;
    bytes.reserve(wfdb_bytes(WfdbFormat::packed_12, samples.size()));
    for (std::size_t i = 0; i < samples.size(); i += 2) {
        const bool alone = i + 1 == samples.size();
        const std::uint32_t first = to_12_bits(samples[i]);
        const std::uint32_t second = alone ? 0 : to_12_bits(samples[i + 1]);
        bytes += static_cast<char>(first & 0xffU);
        bytes += static_cast<char>(first >> 8U | (second >> 8U) << 4U);
        if (!alone) bytes += static_cast<char>(second & 0xffU);
    }
    return bytes;
}

}  // namespace

std::size_t wfdb_bytes(WfdbFormat format, std::size_t samples) {
    if (format == WfdbFormat::plain_16) return 2 * samples;
    return samples / 2 * 3 + samples % 2 * 2;
}

std::size_t wfdb_samples(WfdbFormat format, std::size_t bytes) {
    if (format == WfdbFormat::plain_16) return bytes / 2;
    return bytes / 3 * 2 + (bytes % 3 == 2 ? 1 : 0);
}

std::vector<std::int16_t> decode_wfdb(
    WfdbFormat format, std::string_view bytes, std::size_t samples
) {
    if (format == WfdbFormat::packed_12) return decode_packed_12(bytes, samples);
    std::vector<std::int16_t> decoded(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const std::uint32_t bits = byte_at(bytes, 2 * i) | byte_at(bytes, 2 * i + 1) << 8U;
        decoded[i] = static_cast<std::int16_t>(bits);
    }
    return decoded;
}

std::string encode_wfdb(WfdbFormat format, const std::vector<std::int16_t>& samples) {
    if (format == WfdbFormat::packed_12) return encode_packed_12(samples);
    std::string bytes;
    for (const std::int16_t sample : samples) {
        const auto bits = static_cast<std::uint16_t>(sample);
        bytes += static_cast<char>(bits & 0xffU);
        bytes += static_cast<char>(bits >> 8U);
    }
    return bytes;
}

std::int16_t wfdb_no_sample(WfdbFormat format) {
    return format == WfdbFormat::packed_12 ? -2048 : -32768;
}

std::int32_t wfdb_checksum(const std::vector<std::int16_t>& samples) {
    std::uint32_t sum = 0;
    for (const std::int16_t sample : samples) {
        sum += static_cast<std::uint32_t>(sample);
    }
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(sum));
}

}  // namespace xorch::beats
