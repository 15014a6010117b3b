#include "jobs/files/npz_archive.h"

#include <fmt/core.h>
#include <zlib.h>

#include <cstdint>
#include <optional>

#include "jobs/files/file_bytes.h"

namespace xorch {

namespace {

// Structures of ZIP by their first four bytes, and how long they are without names (APPNOTE 4.3).
constexpr std::uint32_t entry_mark = 0x04034b50;
constexpr std::uint32_t directory_mark = 0x02014b50;
constexpr std::uint32_t end_mark = 0x06054b50;
constexpr std::size_t entry_bytes = 30;
constexpr std::size_t directory_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t comment_max = 65535;

constexpr std::uint32_t stored = 0;
constexpr std::uint32_t deflated = 8;
constexpr std::uint32_t in_64_bits = 0xffffffff;  // a size that stands in another structure

constexpr std::string_view ending = ".npy";

// The caller has checked that the bytes are there.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t length) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < length; ++i) {
        number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    }
    return number;
}

struct ZipMember {
    std::string name;
    std::uint32_t method = 0;
    std::uint32_t checksum = 0;
    std::size_t packed = 0;
    std::size_t unpacked = 0;
    std::size_t at = 0;  // of its entry
};

// The end of the directory is searched from the back, behind it there may be a comment.
std::optional<std::size_t> find_end(std::string_view bytes) {
    if (bytes.size() < end_bytes) return std::nullopt;
    const std::size_t last = bytes.size() - end_bytes;
    for (std::size_t back = 0; back <= std::min(last, comment_max); ++back) {
        if (number_at(bytes, last - back, 4) == end_mark) return last - back;
    }
    return std::nullopt;
}

// Moves `at` to the next one.
Result<ZipMember> read_directory(std::string_view bytes, std::size_t& at) {
    if (at > bytes.size() || bytes.size() - at < directory_bytes ||
        number_at(bytes, at, 4) != directory_mark) {
        return fail(ErrorCode::corrupted, "a damaged directory of the ZIP file");
    }
    ZipMember member;
    const std::uint32_t flags = number_at(bytes, at + 8, 2);
    member.method = number_at(bytes, at + 10, 2);
    member.checksum = number_at(bytes, at + 16, 4);
    member.packed = number_at(bytes, at + 20, 4);
    member.unpacked = number_at(bytes, at + 24, 4);
    const std::size_t name = number_at(bytes, at + 28, 2);
    const std::size_t behind = number_at(bytes, at + 30, 2) + number_at(bytes, at + 32, 2);
    member.at = number_at(bytes, at + 42, 4);
    if (bytes.size() - at - directory_bytes < name + behind) {
        return fail(ErrorCode::corrupted, "a damaged directory of the ZIP file");
    }
    member.name = bytes.substr(at + directory_bytes, name);
    at += directory_bytes + name + behind;
    if ((flags & 1U) != 0) return fail(ErrorCode::invalid_input, "an encrypted ZIP file");
    if (member.packed == in_64_bits || member.unpacked == in_64_bits || member.at == in_64_bits) {
        return fail(ErrorCode::invalid_input, "a ZIP file of more than 4 GiB");
    }
    return member;
}

std::optional<std::string> inflate_all(std::string_view packed, std::size_t unpacked) {
    std::string bytes(unpacked, '\0');
    z_stream stream{};
    // Without the header of zlib: ZIP has its own.
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
    // zlib only reads; the type of its field cannot say so.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_out = static_cast<uInt>(unpacked);
    const int result = inflate(&stream, Z_FINISH);
    const bool whole = result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
    inflateEnd(&stream);
    if (!whole) return std::nullopt;
    return bytes;
}

Result<std::string> unpack(std::string_view bytes, const ZipMember& member) {
    if (member.at > bytes.size() || bytes.size() - member.at < entry_bytes ||
        number_at(bytes, member.at, 4) != entry_mark) {
        return fail(ErrorCode::corrupted, "a damaged entry");
    }
    const std::size_t begin = member.at + entry_bytes + number_at(bytes, member.at + 26, 2) +
                              number_at(bytes, member.at + 28, 2);
    if (begin > bytes.size() || bytes.size() - begin < member.packed) {
        return fail(ErrorCode::corrupted, "truncated");
    }
    const std::string_view packed = bytes.substr(begin, member.packed);
    std::optional<std::string> unpacked;
    if (member.method == stored && member.packed == member.unpacked) unpacked = packed;
    if (member.method == deflated) unpacked = inflate_all(packed, member.unpacked);
    if (member.method != stored && member.method != deflated) {
        return fail(
            ErrorCode::invalid_input, fmt::format("packed by the unknown method {}", member.method)
        );
    }
    if (!unpacked) return fail(ErrorCode::corrupted, "it does not unpack to its size");
    const uLong sum =
        crc32_z(0, reinterpret_cast<const Bytef*>(unpacked->data()), unpacked->size());
    if (sum != member.checksum) return fail(ErrorCode::corrupted, "its checksum is another one");
    return std::move(*unpacked);
}

}  // namespace

Result<std::map<std::string, std::string>> read_npz(std::string_view bytes) {
    const std::optional<std::size_t> end = find_end(bytes);
    if (!end) return fail(ErrorCode::corrupted, "a damaged or truncated ZIP file");
    const std::uint32_t count = number_at(bytes, *end + 10, 2);
    std::size_t at = number_at(bytes, *end + 16, 4);
    std::size_t left = file_bytes_max;
    std::map<std::string, std::string> arrays;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto member = read_directory(bytes, at);
        if (!member) return tl::unexpected(member.error());
        // Deflate packs to a thousandth at best: a greater claim is not worth its memory.
        const bool absurd = member->unpacked / 1100 > member->packed;
        if (member->unpacked > left || absurd) {
            return fail(ErrorCode::invalid_input, member->name + ": too large when unpacked");
        }
        left -= member->unpacked;
        auto array = unpack(bytes, *member);
        if (!array) return fail_with_context(array.error(), member->name);
        std::string& name = member->name;
        if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending) {
            name.resize(name.size() - ending.size());
        }
        if (!arrays.emplace(name, std::move(*array)).second) {
            return fail(ErrorCode::corrupted, name + ": there twice");
        }
    }
    return arrays;
}

}  // namespace xorch
