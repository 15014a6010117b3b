#pragma once

// The addresses of this machine. Numeric only: nobody asks a name server.

#include <string>

#include "core/error.h"

namespace xorch {

// The IPv4 address of the interface; with an empty name, of the first one that is up and not the
// loopback. not_found names the interfaces that there are.
Result<std::string> find_address(const std::string& interface);

// The IPv4 address of this machine by which the one at the numeric address `peer` knows it.
Result<std::string> find_address_towards(const std::string& peer);

}  // namespace xorch
