#pragma once

// Where the coordinator of an epoch listens: journal/<epoch>.endpoint.json, written by it with a
// rename, read by agents and clients. Who reigns is the journal's question; an endpoint file only
// says where to ask, and the coordinator proves who it is with its key. Any thread.

#include <optional>
#include <string>
#include <string_view>

#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"

namespace xorch {

struct Endpoint {
    EpochNumber epoch;
    std::string address;     // "tcp://127.0.0.1:40001"
    std::string public_key;  // of the coordinator, Z85
    std::string host;        // these two are for people
    std::uint64_t pid = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// One line of JSON.
std::string format_endpoint(const Endpoint& endpoint);

Result<Endpoint> parse_endpoint(std::string_view text);

Result<void> write_endpoint(Disk& disk, const SweepLayout& layout, const Endpoint& endpoint);

// That of the highest epoch that has one; nothing if none has.
Result<std::optional<Endpoint>> find_endpoint(Disk& disk, const SweepLayout& layout);

}  // namespace xorch
