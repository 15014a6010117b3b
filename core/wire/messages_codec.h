#pragma once

// Messages to and from frames (core/wire/messages.fbs). A frame of an agent carries its
// incarnation, one of the coordinator its epoch; each is marked with its direction, so that no
// frame is taken for another kind. Bytes are verified before use: what comes from a socket or a
// spool is an error at worst. Behind this header stands FlatBuffers. Pure; any thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/messages.h"

namespace xorch {

struct AgentFrame {
    IncarnationId from;
    std::vector<AgentMessage> messages;
};

struct CoordinatorFrame {
    EpochNumber epoch;
    std::vector<CoordinatorMessage> messages;
};

// As few frames of at most frame_bytes_max as it takes, in order. invalid_input if one message does
// not fit a frame.
Result<std::vector<std::string>> encode_agent_frames(
    IncarnationId from, std::span<const AgentMessage> messages
);
Result<std::vector<std::string>> encode_coordinator_frames(
    EpochNumber epoch, std::span<const CoordinatorMessage> messages
);
Result<std::string> encode_request(const ClientRequest& request);
Result<std::string> encode_reply(const ClientReply& reply);

// `corrupted` if the bytes are no such frame or name a kind of message that this program does not
// know.
Result<AgentFrame> decode_agent_frame(std::string_view bytes);
Result<CoordinatorFrame> decode_coordinator_frame(std::string_view bytes);
Result<ClientRequest> decode_request(std::string_view bytes);
Result<ClientReply> decode_reply(std::string_view bytes);

}  // namespace xorch
