#include "coordinator/decide/state/bytes.h"

#include <xxhash.h>

#include <utility>

namespace xorch {

namespace {

constexpr std::size_t checksum_bytes = 8;

std::string checksum(std::string_view bytes) {
    std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
    std::string result;
    for (std::size_t i = 0; i < checksum_bytes; ++i, hash >>= 8U)
        result.push_back(static_cast<char>(hash & 0xffU));
    return result;
}

}  // namespace

void ByteWriter::number(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U)
        bytes_.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    bytes_.push_back(static_cast<char>(value));
}

void ByteWriter::text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
}

void ByteWriter::unit(UnitKey key) {
    number(key.stage.value);
    number(key.index);
}

std::string ByteWriter::finish() {
    bytes_ += checksum(bytes_);
    return std::move(bytes_);
}

ByteReader::ByteReader(std::string_view bytes) {
    const std::size_t body = bytes.size() < checksum_bytes ? 0 : bytes.size() - checksum_bytes;
    rest_ = bytes.substr(0, body);
    ok_ = bytes.substr(body) == checksum(rest_);
    if (!ok_) rest_ = {};
}

std::uint64_t ByteReader::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        value |= (std::uint64_t{byte} & 0x7fU) << shift;
        if (byte < 0x80U) return value;
    }
    ok_ = false;
    return 0;
}

std::string ByteReader::text() {
    const std::size_t size = count();
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
}

UnitKey ByteReader::unit() {
    const auto stage = static_cast<std::uint32_t>(number());
    return {StageIndex{stage}, static_cast<std::uint32_t>(number())};
}

std::size_t ByteReader::count() {
    const std::uint64_t value = number();
    if (value <= rest_.size()) return static_cast<std::size_t>(value);
    ok_ = false;
    return 0;
}

}  // namespace xorch
