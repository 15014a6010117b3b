#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <functional>
#include <random>

#include "core/io/client_socket.h"
#include "core/io/clock.h"
#include "core/io/server_socket.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Millis patience{20'000};  // for what must happen
// For what must not happen: long enough that a connection over loopback, which takes a few
// milliseconds, would have been made.
constexpr Millis watch_time{300};

KeyPair make_key_pair() {
    std::array<char, 41> public_key{};
    std::array<char, 41> secret_key{};
    EXPECT_EQ(zmq_curve_keypair(public_key.data(), secret_key.data()), 0);
    return {.public_key = public_key.data(), .secret_key = secret_key.data()};
}

// A server and clients of it, driven by one thread as in production: through descriptors only.
class Sockets : public ::testing::Test {
 protected:
    void SetUp() override {
        server_settings_.keys = make_key_pair();
        server_settings_.linger = Millis(0);
        start_server();
    }

    void start_server() {
        auto server = ServerSocket::bind(server_settings_);
        ASSERT_TRUE(server) << server.error().message;
        server_.emplace(std::move(*server));
        server_->allow(
            agent_keys_.public_key, {.role = PeerRole::agent, .allocation = AllocationId{7}}
        );
    }

    ClientSettings client_settings() const {
        return {
            .endpoint = server_->endpoint(),
            .server_public_key = server_settings_.keys.public_key,
            .keys = agent_keys_,
            .reconnect_first = Millis(10),
            .linger = Millis(0),
        };
    }

    static ClientSocket connect(const ClientSettings& settings) {
        auto client = ClientSocket::connect(settings);
        EXPECT_TRUE(client) << client.error().message;
        return std::move(*client);
    }

    // Turns the loop until `done` or the time is over; says whether it was done.
    bool turn(ClientSocket* client, Millis limit, const std::function<bool()>& done) {
        const Millis end = read_clocks().boot + limit;
        while (!done()) {
            const Millis left = end - read_clocks().boot;
            if (left <= Millis(0)) return false;
            std::array<pollfd, 2> waiting{};
            waiting[0] = {.fd = server_->descriptor(), .events = POLLIN, .revents = 0};
            waiting[1] = {
                .fd = client != nullptr ? client->descriptor() : -1,
                .events = POLLIN,
                .revents = 0};
            poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
            if (waiting[0].revents != 0) {
                for (auto& frame : server_->receive(100))
                    heard_.push_back(std::move(frame));
            }
            if (waiting[1].revents != 0) {
                for (auto& event : client->receive(100))
                    events_.push_back(std::move(event));
            }
        }
        return true;
    }

    bool wait_until_connected(ClientSocket& client) {
        return turn(&client, patience, [&] { return client.is_connected(); });
    }

    // The server still serves a peer of good standing.
    void expect_unharmed() {
        events_.clear();
        heard_.clear();
        ClientSocket client = connect(client_settings());
        ASSERT_TRUE(wait_until_connected(client));
        ASSERT_TRUE(client.send("still there?"));
        ASSERT_TRUE(turn(&client, patience, [&] { return !heard_.empty(); }));
        EXPECT_EQ(heard_.front().bytes, "still there?");
    }

    int connect_raw() const {
        const std::string& endpoint = server_->endpoint();
        const int port = std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
        const int raw = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(raw, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return raw;
    }

    KeyPair agent_keys_ = make_key_pair();
    ServerSettings server_settings_;
    std::optional<ServerSocket> server_;
    std::vector<ReceivedFrame> heard_;
    std::vector<ClientEvent> events_;
};

TEST_F(Sockets, CarryFramesBothWays) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    ASSERT_TRUE(client.send(std::string("hello\0world", 11)));
    ASSERT_TRUE(turn(&client, patience, [&] { return !heard_.empty(); }));
    EXPECT_EQ(heard_[0].bytes, std::string("hello\0world", 11));
    EXPECT_EQ(heard_[0].peer, (Peer{.role = PeerRole::agent, .allocation = AllocationId{7}}));

    ASSERT_EQ(server_->send(heard_[0].route, "welcome"), Sent::yes);
    ASSERT_TRUE(turn(&client, patience, [&] { return events_.size() == 2; }));
    EXPECT_EQ(events_[0].kind, ClientEvent::Kind::connected);
    EXPECT_EQ(events_[1].bytes, "welcome");
}

TEST_F(Sockets, CarryAFrameOfTheGreatestLength) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    const std::string frame(frame_bytes_max, 'x');
    ASSERT_TRUE(client.send(frame));
    ASSERT_TRUE(turn(&client, patience, [&] { return !heard_.empty(); }));
    EXPECT_EQ(heard_[0].bytes, frame);
    ASSERT_EQ(server_->send(heard_[0].route, frame), Sent::yes);
    ASSERT_TRUE(turn(&client, patience, [&] { return events_.size() == 2; }));
    EXPECT_EQ(events_[1].bytes, frame);
}

TEST_F(Sockets, StayReadableUntilEveryFrameIsTaken) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(client.send("x"));
    std::size_t taken = 0;
    const Millis end = read_clocks().boot + patience;
    while (taken < 10 && read_clocks().boot < end) {
        pollfd waiting{.fd = server_->descriptor(), .events = POLLIN, .revents = 0};
        ASSERT_GT(poll(&waiting, 1, static_cast<int>(patience.count())), 0);
        taken += server_->receive(1).size();
    }
    EXPECT_EQ(taken, 10U);
}

TEST_F(Sockets, RefuseAnUnknownKey) {
    ClientSettings settings = client_settings();
    settings.keys = make_key_pair();
    ClientSocket stranger = connect(settings);
    EXPECT_FALSE(turn(&stranger, watch_time, [&] { return stranger.is_connected(); }));
    EXPECT_FALSE(stranger.send("let me in"));
    EXPECT_THAT(heard_, IsEmpty());
    expect_unharmed();
}

TEST_F(Sockets, RefuseAServerWithAnotherKeyThanExpected) {
    ClientSettings settings = client_settings();
    settings.server_public_key = make_key_pair().public_key;
    ClientSocket client = connect(settings);
    EXPECT_FALSE(turn(&client, watch_time, [&] { return client.is_connected(); }));
    EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(Sockets, RefuseAClientWithoutCurve) {
    void* context = zmq_ctx_new();
    void* dealer = zmq_socket(context, ZMQ_DEALER);
    const int none = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none);
    ASSERT_EQ(zmq_connect(dealer, server_->endpoint().c_str()), 0);
    ASSERT_GE(zmq_send(dealer, "hi", 2, ZMQ_DONTWAIT), 0);
    EXPECT_FALSE(turn(nullptr, watch_time, [&] { return !heard_.empty(); }));
    zmq_close(dealer);
    zmq_ctx_term(context);
    expect_unharmed();
}

TEST_F(Sockets, DropAPeerThatSendsAnOversizedFrame) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    ASSERT_TRUE(client.send(std::string(frame_bytes_max + 1024, 'x')));
    ASSERT_TRUE(turn(&client, patience, [&] {
        return events_.size() >= 2 && events_[1].kind == ClientEvent::Kind::disconnected;
    }));
    EXPECT_THAT(heard_, IsEmpty());
    expect_unharmed();
}

TEST_F(Sockets, SurviveRandomBytes) {
    std::mt19937 random(1);
    for (int i = 0; i < 50; ++i) {
        const int raw = connect_raw();
        std::string junk(std::size_t{1} << (i % 14), '\0');
        for (char& byte : junk)
            byte = static_cast<char>(random());
        // Every third one looks like ZMTP for a while.
        if (i % 3 == 0) junk.insert(0, std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0CURVE", 17));
        [[maybe_unused]] const ssize_t sent = send(raw, junk.data(), junk.size(), MSG_NOSIGNAL);
        close(raw);
    }
    expect_unharmed();
}

TEST_F(Sockets, ServeOthersBesideAThousandIdleConnections) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < 4'096) GTEST_SKIP() << "may open only " << files.rlim_max << " files";
    const rlimit before = files;
    files.rlim_cur = 4'096;
    setrlimit(RLIMIT_NOFILE, &files);
    std::vector<int> idle;
    for (int i = 0; i < 1'000; ++i)
        idle.push_back(connect_raw());
    expect_unharmed();
    for (const int raw : idle)
        close(raw);
    server_.reset();
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(Sockets, CloseAConnectionThatDoesNotProveItsKeyInTime) {
    server_settings_.handshake = Millis(50);
    start_server();
    const int raw = connect_raw();
    pollfd waiting{.fd = raw, .events = POLLIN, .revents = 0};
    std::array<char, 256> greeting{};
    ssize_t got = 1;
    while (got > 0 && poll(&waiting, 1, static_cast<int>(patience.count())) > 0) {
        got = recv(raw, greeting.data(), greeting.size(), 0);
    }
    EXPECT_LE(got, 0);
    close(raw);
}

TEST_F(Sockets, DoNotHearAPeerWhoseKeyWasRevoked) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    server_->revoke(agent_keys_.public_key);
    ASSERT_TRUE(client.send("I am still here"));
    EXPECT_FALSE(turn(&client, watch_time, [&] { return !heard_.empty(); }));
}

TEST_F(Sockets, SayThatAPeerIsGone) {
    EXPECT_EQ(server_->send("nobody", "x"), Sent::gone);
}

TEST_F(Sockets, SayThatAPeerDoesNotRead) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    ASSERT_TRUE(client.send("here I am"));
    ASSERT_TRUE(turn(&client, patience, [&] { return !heard_.empty(); }));
    const std::string frame(1U << 20U, 'x');
    Sent sent = Sent::yes;
    for (int i = 0; i < 1'000 && sent == Sent::yes; ++i) {
        sent = server_->send(heard_[0].route, frame);
    }
    EXPECT_EQ(sent, Sent::full);
}

TEST_F(Sockets, SayThatTheConnectionIsLostWhenTheServerGoes) {
    ClientSocket client = connect(client_settings());
    ASSERT_TRUE(wait_until_connected(client));
    server_.reset();
    const Millis end = read_clocks().boot + patience;
    while (client.is_connected() && read_clocks().boot < end) {
        pollfd waiting{.fd = client.descriptor(), .events = POLLIN, .revents = 0};
        poll(&waiting, 1, 1'000);
        for (auto& event : client.receive(10))
            events_.push_back(std::move(event));
    }
    ASSERT_EQ(events_.size(), 2U);
    EXPECT_EQ(events_[1].kind, ClientEvent::Kind::disconnected);
    EXPECT_FALSE(client.send("lost"));
}

TEST_F(Sockets, GiveEachConnectionARouteOfItsOwn) {
    std::vector<std::string> routes;
    for (int i = 0; i < 2; ++i) {
        heard_.clear();
        ClientSocket client = connect(client_settings());
        ASSERT_TRUE(wait_until_connected(client));
        ASSERT_TRUE(client.send("x"));
        ASSERT_TRUE(turn(&client, patience, [&] { return !heard_.empty(); }));
        routes.push_back(heard_[0].route);
    }
    EXPECT_NE(routes[0], routes[1]);
}

TEST(ServerSocket, BindsNumericAddressesOnly) {
    const KeyPair keys = make_key_pair();
    for (const char* address : {"localhost", "", "*", "eth0", "127.0.0.1:80", "1.2.3"}) {
        const auto server = ServerSocket::bind({.address = address, .keys = keys});
        ASSERT_FALSE(server) << address;
        EXPECT_EQ(server.error().code, ErrorCode::invalid_input);
    }
}

TEST(ServerSocket, RefusesToStartWithoutAKey) {
    EXPECT_FALSE(ServerSocket::bind({.keys = {}}));
}

}  // namespace
}  // namespace xorch
