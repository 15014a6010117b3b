#pragma once

// Clients' requests on their way in and their replies on their way out: by socket, and by file for
// those who cannot reach it. A reply goes to everybody who asked under its id. Loop thread only.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/errands.h"
#include "core/io/server_socket.h"
#include "core/messages.h"
#include "core/time.h"

namespace xorch {

class Requests {
 public:
    struct Settings {
        std::string inbox;
        Millis inbox_every{2'000};
        ServerSocket* socket = nullptr;
        Errands* errands = nullptr;
        // Gets each request; answers come back through answer().
        std::function<void(const ClientRequest&)> on_request;
        std::function<void(std::string_view)> log;
    };

    explicit Requests(Settings settings) : settings_(std::move(settings)) {}

    void on_frame(const ReceivedFrame& frame);

    // Looks into the inbox when it is time.
    void poll(Now now);

    Millis next_poll() const { return next_look_boot_; }

    void answer(const ClientReply& reply);

 private:
    void on_inbox(const std::string& id, const Result<ClientRequest>& request);
    void send(const std::string& route, const ClientReply& reply);
    void answer_by_file(const ClientReply& reply);

    Settings settings_;
    Millis next_look_boot_{0};
    bool looking_ = false;
    std::map<std::string, std::vector<std::string>> routes_;  // by request id
    std::set<std::string> from_inbox_;                        // ids being worked on
    std::string last_problem_;                                // said once, not every 2 s
};

}  // namespace xorch
