#pragma once

// Whole messages over sockets that never block, until a time on the boot clock. One thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/io/descriptor.h"
#include "core/time.h"

namespace xorch {

// `address` is numeric, here and below.
Result<Descriptor> listen_at(const std::string& address, std::uint16_t port);

// Tries again until somebody listens there.
Result<Descriptor> reach(const std::string& address, std::uint16_t port, Millis until);

// False when the time is up; what is there already is there also then.
bool wait_for(const Descriptor& socket, short events, Millis until);

// False if the other side is gone or the time is up.
bool send_all(const Descriptor& socket, std::string_view bytes, Millis until);

enum class Reception { whole, silent, closed };

// Appends to `bytes` until there are `size`.
Reception receive(const Descriptor& socket, std::string& bytes, std::size_t size, Millis until);

}  // namespace xorch
