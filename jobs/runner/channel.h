#pragma once

// The runner's end of the socket pair. The agent's end closes when the agent dies or wants this
// runner no more; then there is nobody to work for, and nothing to save that a checkpoint does not
// hold, so the process ends on the spot. One thread.

#include <cstdint>
#include <optional>

#include "core/error.h"
#include "core/io/descriptor.h"
#include "core/runner_messages.h"
#include "core/wire/runner_codec.h"

namespace xorch {

class RunnerChannel {
 public:
    explicit RunnerChannel(Descriptor socket) : socket_(std::move(socket)) {}

    // The next order, however long it takes; nothing when the agent closed its end.
    Result<std::optional<RunnerOrder>> wait();

    // True if the agent asked to stop that unit. Never waits; ends the process if the agent is
    // gone.
    bool stop_asked(std::uint64_t serial);

    Result<void> send(const RunnerNews& news);

 private:
    enum class Pace { wait, look };

    // False at the end of the stream, or if there is nothing to be had without waiting.
    Result<bool> read(Pace pace);
    Result<std::optional<RunnerOrder>> take();

    Descriptor socket_;
    FrameInbox inbox_;
    bool at_end_ = false;
    std::optional<std::uint64_t> stopping_;
};

}  // namespace xorch
