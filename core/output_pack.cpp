#include "core/output_pack.h"

#include <fmt/format.h>

#include <algorithm>

namespace xorch {

namespace {

// The length of the UTF-8 sequence that `text` begins with; 0 if it is none. C1 controls (U+0080 to
// U+009F) steer terminals as ESC does and count as none.
std::size_t printable_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const std::size_t length = lead < 0xC2   ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    return lead == 0xC2 && byte(1) < 0xA0 ? 0 : length;
}

}  // namespace

std::string pack_name(IncarnationId incarnation, std::uint32_t number) {
    return fmt::format("{}-{}.pack", format_incarnation(incarnation), number);
}

Result<std::string> read_output(
    Disk& disk, const SweepLayout& layout, const OutputLocation& location, Bytes at_most
) {
    if (location.pack.empty()) return std::string();
    if (location.pack.find('/') != std::string::npos) {
        return fail(ErrorCode::corrupted, "the name of an output pack has a slash in it");
    }
    const std::uint64_t length = std::min(location.length, at_most.value);
    const std::uint64_t offset = location.offset + (location.length - length);
    auto bytes = disk.read_range(layout.logs() + "/" + location.pack, offset, length);
    if (!bytes) return fail_with_context(bytes.error(), "reading the attempt's output");
    if (bytes->size() != length) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("{} ends before the attempt's output does", location.pack)
        );
    }
    return bytes;
}

std::string escape_output(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        std::size_t length = 1;
        if (byte == '\r') {
            // Windows line ends and progress bars: one line each.
            if (bytes.size() < 2 || bytes[1] != '\n') text.push_back('\n');
        } else if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte < 0x7F)) {
            text.push_back(bytes.front());
        } else if (const std::size_t sequence = printable_utf8(bytes); sequence > 0) {
            length = sequence;
            text += bytes.substr(0, length);
        } else {
            text += fmt::format("\\x{:02x}", byte);
        }
        bytes.remove_prefix(length);
    }
    return text;
}

std::string last_lines(std::string_view output, std::size_t lines, std::size_t bytes_max) {
    if (output.size() > bytes_max) output.remove_prefix(output.size() - bytes_max);
    std::string text = escape_output(output);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    std::size_t begin = text.size();
    for (std::size_t count = 0; count < lines && begin > 0; ++count) {
        const std::size_t newline = text.rfind('\n', begin - 1);
        if (newline == std::string::npos) {
            begin = 0;
        } else {
            begin = count + 1 == lines ? newline + 1 : newline;
        }
    }
    text.erase(0, begin);
    // Escapes made it longer; a cut may not leave half a character in front.
    if (text.size() > bytes_max) text.erase(0, text.size() - bytes_max);
    std::size_t start = 0;
    while (start < text.size() && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U)
        ++start;
    return text.substr(start);
}

}  // namespace xorch
