#include "worker/gang/lease.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/io/pipe.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

TEST(Leases, OneThatIsHeldIsNobodyElses) {
    const TemporaryDirectory folder;
    {
        const auto first = try_lease(folder.path(), "gpu-0");
        ASSERT_TRUE(first && *first);
        const auto second = try_lease(folder.path(), "gpu-0");
        ASSERT_TRUE(second);
        EXPECT_FALSE(*second);
        const auto other = try_lease(folder.path(), "gpu-1");
        EXPECT_TRUE(other && *other);
    }
    const auto again = try_lease(folder.path(), "gpu-0");
    EXPECT_TRUE(again && *again);
}

TEST(Leases, WhatIsGivenBackLeavesNoFile) {
    const TemporaryDirectory folder;
    { const auto lease = try_lease(folder.path(), "gpu-0"); }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Leases, AMovedOneIsHeldOnce) {
    const TemporaryDirectory folder;
    auto lease = try_lease(folder.path(), "gpu-0");
    ASSERT_TRUE(lease && *lease);
    Lease kept;
    kept = std::move(**lease);
    lease->reset();
    EXPECT_TRUE(kept.is_held());
    const auto other = try_lease(folder.path(), "gpu-0");
    ASSERT_TRUE(other);
    EXPECT_FALSE(*other);
}

// Takes `count` ports with one seed, writes them, and holds them until `hold` ends.
[[noreturn]] void hold_ports(const std::string& folder, int count, int to, int hold) {
    std::vector<PortLease> held;
    for (int i = 0; i < count; ++i) {
        auto lease = lease_port(folder, 7);
        if (!lease) ::_exit(1);
        const std::uint16_t port = lease->port;
        held.push_back(std::move(*lease));
        if (::write(to, &port, sizeof port) != sizeof port) ::_exit(1);
    }
    char byte = 0;
    while (::read(hold, &byte, 1) > 0) {
    }
    ::_exit(0);
}

TEST(Leases, ManyProcessesThatAskForPortsAtOnceGetDifferentOnes) {
    constexpr int holders = 16;
    constexpr int ports_each = 8;
    const TemporaryDirectory folder;
    std::array<int, 2> told{};
    std::array<int, 2> hold{};
    ASSERT_EQ(::pipe(told.data()), 0);
    ASSERT_EQ(::pipe(hold.data()), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < holders; ++i) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(hold[1]);
            hold_ports(folder.path(), ports_each, told[1], hold[0]);
        }
        children.push_back(child);
    }
    ::close(told[1]);
    std::set<std::uint16_t> ports;
    for (int i = 0; i < holders * ports_each; ++i) {
        std::uint16_t port = 0;
        ASSERT_EQ(::read(told[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
        EXPECT_TRUE(ports.insert(port).second) << port << " was given twice";
    }
    ::close(hold[1]);
    for (const pid_t child : children) {
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    ::close(told[0]);
    ::close(hold[0]);
}

TEST(Leases, APortOnWhichSomebodyListensIsPassedBy) {
    const TemporaryDirectory folder;
    std::uint16_t taken = 0;
    {
        const auto lease = lease_port(folder.path(), 99);
        ASSERT_TRUE(lease);
        taken = lease->port;
    }
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(taken);
    ASSERT_EQ(
        ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0
    );
    ASSERT_EQ(::listen(socket.number(), 1), 0);
    const auto other = lease_port(folder.path(), 99);
    ASSERT_TRUE(other);
    EXPECT_NE(other->port, taken);
}

}  // namespace
}  // namespace xorch
