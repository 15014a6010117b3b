#pragma once

// An agent's or client's end of the conversation with the coordinator: a DEALER with CURVE that
// proves the coordinator's key as well as its own. It reconnects by itself, with growing pauses,
// and says so: whatever was sent on a connection that broke may be lost, so the owner starts over
// with its hello after every `connected`. Each connection is a new peer to the coordinator, so a
// half-open old one is no obstacle. Never blocks. Loop thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/keys.h"
#include "core/record.h"
#include "core/time.h"

namespace xorch {

struct ClientSettings {
    std::string endpoint = {};  // as the endpoint file says: "tcp://127.0.0.1:40001"
    std::string server_public_key = {};
    KeyPair keys = {};
    std::size_t frame_bytes = frame_bytes_max;
    Millis reconnect_first{200};  // doubled after each attempt, with jitter
    Millis reconnect_max{60'000};
    Millis heartbeat{
        5'000};  // of ZeroMQ itself: finds a dead peer behind a live-looking connection
    Millis silence_max{20'000};
    int frames_queued = 64;
    Millis linger{500};  // how long the destructor may wait for last words to leave
};

struct ClientEvent {
    enum class Kind { connected, disconnected, frame };

    Kind kind = Kind::frame;
    std::string bytes;  // of a frame
};

class ClientSocket {
 public:
    // Starts connecting; succeeds also if nobody listens there (yet).
    static Result<ClientSocket> connect(const ClientSettings& settings);
    ~ClientSocket();
    ClientSocket(ClientSocket&&) noexcept;
    ClientSocket& operator=(ClientSocket&&) noexcept;

    // What happened since the last call, at most so many frames; call again as long as the
    // descriptor is readable.
    std::vector<ClientEvent> receive(std::size_t frames_max);

    // False = not taken: there is no connection, or the coordinator does not read. Nothing is lost
    // with a frame that is repeated after the next `connected`; otherwise send it again later.
    bool send(std::string_view bytes);

    bool is_connected() const;

    // Readable as long as receive() has something to do.
    int descriptor() const;

 private:
    struct Content;
    explicit ClientSocket(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
