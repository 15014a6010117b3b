#include "core/io/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <memory>
#include <set>

#include "core/io/descriptor.h"

namespace xorch {

namespace {

std::string address_text(const sockaddr_in& address) {
    std::array<char, INET_ADDRSTRLEN> text{};
    const char* made = ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    return made == nullptr ? "" : made;
}

}  // namespace

Result<std::string> find_address(const std::string& interface) {
    ifaddrs* raw = nullptr;
    if (::getifaddrs(&raw) != 0) return fail_from_errno("listing network interfaces", errno);
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
    std::set<std::string> names;
    for (const ifaddrs* each = list.get(); each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
        names.insert(each->ifa_name);
        const bool up = (each->ifa_flags & IFF_UP) != 0;
        const bool loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
        const bool wanted = interface.empty() ? up && !loopback : interface == each->ifa_name;
        if (!wanted) continue;
        std::string text = address_text(*reinterpret_cast<const sockaddr_in*>(each->ifa_addr));
        if (!text.empty()) return text;
    }
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "no IPv4 address on {}; this machine has {}",
            interface.empty() ? "any interface but the loopback" : "interface " + interface,
            fmt::join(names, ", ")
        )
    );
}

// Nothing is sent: connecting such a socket only asks the kernel for the way.
Result<std::string> find_address_towards(const std::string& peer) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(9);
    if (::inet_pton(AF_INET, peer.c_str(), &there.sin_addr) != 1) {
        return fail(ErrorCode::invalid_input, peer + " is no IPv4 address");
    }
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in here{};
    socklen_t size = sizeof here;
    if (::connect(socket.number(), reinterpret_cast<sockaddr*>(&there), sizeof there) != 0 ||
        ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&here), &size) != 0) {
        return fail_from_errno("looking for the way to " + peer, errno);
    }
    return address_text(here);
}

}  // namespace xorch
