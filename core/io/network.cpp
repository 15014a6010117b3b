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

namespace xorch {

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
        const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
        std::array<char, INET_ADDRSTRLEN> text{};
        if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr) {
            return std::string(text.data());
        }
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

}  // namespace xorch
