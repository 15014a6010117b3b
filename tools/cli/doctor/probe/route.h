#pragma once

// Whether one machine can open a connection to another. The listener says a word, so that a port
// which somebody else answers, or a proxy, is not taken for it. Numeric addresses only. One thread.

#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/io/descriptor.h"
#include "core/time.h"

namespace xorch {

class RouteListener {
 public:
    // On any free port of the address; says `word`, of at most 64 bytes.
    static Result<RouteListener> open(const std::string& address, std::string word);

    std::uint16_t port() const { return port_; }

    // Readable when somebody waits.
    int descriptor() const { return socket_.number(); }

    // Says the word to everybody who waits. Never blocks.
    void answer();

 private:
    RouteListener(Descriptor socket, std::uint16_t port, std::string word)
        : socket_(std::move(socket)), port_(port), word_(std::move(word)) {}

    Descriptor socket_;
    std::uint16_t port_;
    std::string word_;
};

struct RouteGoal {
    std::string address;
    std::uint16_t port = 0;
    std::string word;
};

// unavailable with the reason unless the listener there says its word in that time.
Result<void> try_route(const RouteGoal& goal, Millis time);

}  // namespace xorch
