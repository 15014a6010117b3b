#pragma once

// What the two sockets share: owners of ZeroMQ's handles, options whose result is checked, and one
// descriptor to poll. ZeroMQ's own descriptor only says "look again" and may fall silent although
// something is waiting; Wake makes that level-triggered. Internal to this folder. Loop thread only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/descriptor.h"

namespace xorch::zmq_parts {

struct CloseContext {
    void operator()(void* context) const;
};

struct CloseSocket {
    void operator()(void* socket) const;
};

// Declare the context before its sockets: closing it waits for them.
using Context = std::unique_ptr<void, CloseContext>;
using Socket = std::unique_ptr<void, CloseSocket>;

// "<doing>: <ZeroMQ's words for errno>".
tl::unexpected<Error> fail_from_zmq(std::string_view doing);

Result<Context> make_context();
Result<Socket> make_socket(void* context, int type);

struct Option {
    int number = 0;
    const char* name = "";
};

// The first option that is refused is the error; nothing is half set unnoticed.
class Options {
 public:
    explicit Options(void* socket) : socket_(socket) {}

    Options& set(Option option, int value);
    Options& set(Option option, std::int64_t value);
    Options& set(Option option, const std::string& value);

    Result<void> result() const { return result_; }

 private:
    void set_bytes(Option option, const void* value, std::size_t size);

    void* socket_;
    Result<void> result_;
};

std::string text_option(void* socket, int option);

// Something can be received right now. Also lets ZeroMQ do what its descriptor woke us for.
bool is_readable(void* socket);

// One message with all its parts; nothing if none waits.
struct Message {
    std::vector<std::string> parts;
    std::string user;  // as the ZAP handler named the sender; empty = nobody did
};

std::optional<Message> receive_message(void* socket);

// Numeric address only: "127.0.0.1" or "::1". "tcp://[::1]:<port>"; port 0 = any free one.
Result<std::string> format_tcp(const std::string& address, std::uint16_t port);

// An epoll descriptor over sockets, plus an event of our own for what ZeroMQ would not repeat.
class Wake {
 public:
    static Result<Wake> make(const std::vector<void*>& sockets);

    int descriptor() const { return poll_.number(); }

    // Keeps the descriptor readable until calm().
    void ring();
    void calm();

 private:
    Descriptor poll_;
    Descriptor event_;
};

}  // namespace xorch::zmq_parts
