#pragma once

// The coordinator's end of all conversations: a ROUTER that speaks CURVE only and lets in only keys
// that were named with allow(). A stranger, a peer without CURVE, random bytes or an oversized
// frame never get past ZeroMQ's own threads. Which allocation a peer speaks for follows from its
// key, not from what it says. Never blocks. Loop thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/io/keys.h"
#include "core/record.h"
#include "core/time.h"

namespace xorch {

enum class PeerRole { client, agent };

struct Peer {
    PeerRole role = PeerRole::client;
    AllocationId allocation;  // of an agent

    friend bool operator==(const Peer&, const Peer&) = default;
};

struct ServerSettings {
    std::string address = "127.0.0.1";  // numeric; the port is any free one
    KeyPair keys = {};
    std::size_t frame_bytes = frame_bytes_max;
    Millis handshake{10'000};         // a connection that did not prove its key by then is closed
    Millis heartbeat{15'000};         // of ZeroMQ itself, so that half-open connections are dropped
    int connections_waiting = 1'024;  // the kernel's queue of connections not yet accepted
    int frames_queued = 64;           // per peer and direction
    Millis linger{500};               // how long the destructor may wait for last words to leave
};

struct ReceivedFrame {
    Peer peer;
    std::string route;  // of this connection; a peer that reconnects gets another
    std::string bytes;
};

enum class Sent {
    yes,
    full,  // the peer does not read: try again later
    gone,  // that connection is no more
};

class ServerSocket {
 public:
    static Result<ServerSocket> bind(const ServerSettings& settings);
    ~ServerSocket();
    ServerSocket(ServerSocket&&) noexcept;
    ServerSocket& operator=(ServerSocket&&) noexcept;

    // Whoever holds the secret half of this key is that peer from now on.
    void allow(const std::string& public_key, Peer peer);

    // Connections that were made with the key stay open but are not heard any more.
    void revoke(const std::string& public_key);

    // Waiting frames, at most so many; call again as long as the descriptor is readable.
    std::vector<ReceivedFrame> receive(std::size_t frames_max);

    Sent send(const std::string& route, std::string_view bytes);

    // For the endpoint file: "tcp://127.0.0.1:40001".
    const std::string& endpoint() const;

    // Readable as long as receive() has something to do.
    int descriptor() const;

 private:
    struct Content;
    explicit ServerSocket(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
