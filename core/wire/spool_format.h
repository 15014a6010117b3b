#pragma once

// An agent's spool: what it reported and nobody acknowledged yet, in spool/<incarnation>.log. The
// file is a sequence of frames (core/frame.h, their seed is the incarnation) of which each holds
// one agent frame (messages_codec.h). A torn tail ends the reading: what was not written whole was
// not promised to anybody. Pure; any thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/messages.h"

namespace xorch {

// What to append to the spool of `incarnation` for these reports.
Result<std::string> format_spool(IncarnationId incarnation, std::span<const AgentMessage> reports);

struct SpoolContents {
    std::vector<AgentMessage> reports;
    std::uint64_t bytes = 0;  // up to the end of the last whole frame
    bool whole = true;        // nothing follows it
};

// `corrupted` if a whole frame holds something else than this agent's messages.
Result<SpoolContents> parse_spool(IncarnationId incarnation, std::string_view bytes);

}  // namespace xorch
