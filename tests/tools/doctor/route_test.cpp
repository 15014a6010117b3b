#include "tools/cli/doctor/probe/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <thread>

namespace xorch {
namespace {

using testing::HasSubstr;

// Much longer than this machine takes.
constexpr Millis long_enough{20'000};

// Lets the listener answer one caller.
void answer_once(RouteListener& listener) {
    pollfd watched{.fd = listener.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&watched, 1, static_cast<int>(long_enough.count())), 1);
    listener.answer();
}

Result<void> try_listener(RouteListener& listener, const std::string& word) {
    auto tried = std::async(std::launch::async, [&, port = listener.port()] {
        return try_route({.address = "127.0.0.1", .port = port, .word = word}, long_enough);
    });
    answer_once(listener);
    return tried.get();
}

TEST(Route, ToAListenerThatSaysTheWordWorks) {
    auto listener = RouteListener::open("127.0.0.1", "doctor");
    ASSERT_TRUE(listener) << listener.error().message;
    const auto there = try_listener(*listener, "doctor");
    EXPECT_TRUE(there) << there.error().message;
}

TEST(Route, ToSomebodyElseDoesNotCount) {
    auto listener = RouteListener::open("127.0.0.1", "another");
    ASSERT_TRUE(listener) << listener.error().message;
    const auto there = try_listener(*listener, "doctor");
    ASSERT_FALSE(there);
    EXPECT_THAT(there.error().message, HasSubstr("somebody else answers there"));
}

TEST(Route, ToAClosedPortIsRefused) {
    std::uint16_t port = 0;
    {
        const auto listener = RouteListener::open("127.0.0.1", "doctor");
        ASSERT_TRUE(listener) << listener.error().message;
        port = listener->port();
    }
    const auto there =
        try_route({.address = "127.0.0.1", .port = port, .word = "doctor"}, long_enough);
    ASSERT_FALSE(there);
    EXPECT_THAT(there.error().message, HasSubstr("Connection refused"));
}

TEST(Route, ToSomebodyWhoSaysNothingEnds) {
    const auto listener = RouteListener::open("127.0.0.1", "doctor");
    ASSERT_TRUE(listener) << listener.error().message;
    const auto there =
        try_route({.address = "127.0.0.1", .port = listener->port(), .word = "doctor"}, Millis{20});
    ASSERT_FALSE(there);
    EXPECT_THAT(there.error().message, HasSubstr("says nothing in time"));
}

TEST(Route, NamesAreNotLookedUp) {
    EXPECT_FALSE(try_route({.address = "localhost", .port = 1, .word = "w"}, long_enough));
    EXPECT_FALSE(RouteListener::open("localhost", "w"));
}

}  // namespace
}  // namespace xorch
