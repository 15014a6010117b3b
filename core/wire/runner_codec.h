#pragma once

// The stream between an agent and a runner: frames (core/frame.h) of which each holds one message
// of core/wire/runner.fbs. What does not verify is an error: then the other side is not what it
// should be. Behind this header stands FlatBuffers. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/runner_messages.h"

namespace xorch {

// Bytes for the stream.
std::string encode_runner_order(const RunnerOrder& order);
std::string encode_runner_news(const RunnerNews& news);

// corrupted if the payload is no such message.
Result<RunnerOrder> decode_runner_order(std::string_view payload);
Result<RunnerNews> decode_runner_news(std::string_view payload);

// Puts together what arrives in pieces.
class FrameInbox {
 public:
    void add(std::string_view bytes) { bytes_ += bytes; }

    // The payload of the next whole frame; nothing until more bytes are there. corrupted if what is
    // there begins no frame of at most 8 MiB; then nothing can follow.
    Result<std::optional<std::string>> next();

 private:
    std::string bytes_;
};

}  // namespace xorch
