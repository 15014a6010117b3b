#pragma once

// People at the command line: cancel, retry, pause and continue at random, and ask again under the
// same request id until they are answered. After the faults they only continue what is paused.

#include <cstdint>
#include <string>
#include <vector>

#include "core/messages.h"
#include "core/time.h"

namespace xorch::simulation {

class World;

class Clients {
 public:
    explicit Clients(World& world) : world_(world) {}

    // One of them does something.
    void act();

    // Somebody continues the sweep.
    void resume();

    // Somebody looks at what the gate holds, and lets it or refuses it.
    void look();

    void on_reply(const ClientReply& reply);

 private:
    struct Asked {
        ClientRequest request;
        Millis since{0};
        bool answered = false;
    };

    void ask(std::string verb, std::string arguments);
    void send(std::size_t index);
    std::string random_range();
    std::string random_done_units();

    World& world_;
    std::vector<Asked> asked_;
};

}  // namespace xorch::simulation
