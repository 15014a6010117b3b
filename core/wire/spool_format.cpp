#include "core/wire/spool_format.h"

#include <iterator>

#include "core/frame.h"
#include "core/wire/messages_codec.h"

namespace xorch {

Result<std::string> format_spool(IncarnationId incarnation, std::span<const AgentMessage> reports) {
    const auto frames = encode_agent_frames(incarnation, reports);
    if (!frames) return tl::unexpected(frames.error());
    std::string bytes;
    for (const std::string& frame : *frames) {
        append_frame(bytes, frame, {.seed = incarnation.value});
    }
    return bytes;
}

Result<SpoolContents> parse_spool(IncarnationId incarnation, std::string_view bytes) {
    SpoolContents contents;
    FrameReader reader(bytes, incarnation.value);
    while (const auto payload = reader.next()) {
        auto frame = decode_agent_frame(*payload);
        if (!frame) return fail_with_context(frame.error(), "reading a spool");
        if (frame->from != incarnation) {
            return fail(ErrorCode::corrupted, "a spool holds reports of another agent");
        }
        contents.reports.insert(
            contents.reports.end(),
            std::make_move_iterator(frame->messages.begin()),
            std::make_move_iterator(frame->messages.end())
        );
    }
    contents.bytes = reader.offset();
    contents.whole = reader.at_end();
    return contents;
}

}  // namespace xorch
