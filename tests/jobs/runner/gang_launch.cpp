#include "tests/jobs/runner/gang_launch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace xorch {

namespace {

// A rank that never calls must not hold up the tests for ever.
constexpr timeval call_within{.tv_sec = 60, .tv_usec = 0};

Descriptor listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::unlink(path.c_str());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::bind(socket.number(), generic, sizeof address), 0);
    EXPECT_EQ(::listen(socket.number(), 1), 0);
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &call_within, sizeof call_within);
    return socket;
}

}  // namespace

WorldLaunch::WorldLaunch(const std::string& program, int ranks, const std::string& folder)
    : folder_(folder) {
    const std::string path = folder + "/socket";
    const Descriptor listening = listen_at(path);
    std::vector<std::string> words{
        XORCH_MPIEXEC,
        "--oversubscribe",
        "--bind-to",
        "none",
        "--mca",
        "mpi_yield_when_idle",
        "1",
        "--mca",
        "btl",
        "self,vader",
        "-np",
        std::to_string(ranks)};
    std::istringstream rest(program);
    for (std::string word; rest >> word;)
        words.push_back(word);
    words.push_back(path);
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const std::string output = folder + "/output";
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(
        &actions, 1, output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600
    );
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    EXPECT_EQ(::posix_spawnp(&launcher_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    socket_ = Descriptor(::accept4(listening.number(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(socket_.is_open()) << "rank 0 did not call\n" << this->output();
}

WorldLaunch::~WorldLaunch() {
    if (launcher_ == 0) return;
    ::kill(launcher_, SIGTERM);  // mpirun ends its ranks then
    exit_code();
}

void WorldLaunch::order(const RunnerOrder& order) {
    const std::string bytes = encode_runner_order(order);
    EXPECT_EQ(
        ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
        static_cast<ssize_t>(bytes.size())
    );
}

std::optional<RunnerNews> WorldLaunch::next() {
    for (;;) {
        const auto payload = inbox_.next();
        if (!payload) return std::nullopt;
        if (*payload) {
            const auto news = decode_runner_news(**payload);
            return news ? std::optional<RunnerNews>(*news) : std::nullopt;
        }
        std::array<char, 4096> chunk{};
        const ssize_t got = ::recv(socket_.number(), chunk.data(), chunk.size(), 0);
        if (got <= 0) return std::nullopt;
        inbox_.add({chunk.data(), static_cast<std::size_t>(got)});
    }
}

bool WorldLaunch::is_published() {
    const auto news = next();
    if (!news) return false;
    if (const auto* end = std::get_if<UnitReturned>(&*news)) returned_ = *end;
    return !returned_;
}

std::optional<UnitReturned> WorldLaunch::returned() {
    while (!returned_ && is_published()) {
    }
    return returned_;
}

int WorldLaunch::exit_code() {
    int status = 0;
    if (launcher_ != 0) ::waitpid(launcher_, &status, 0);
    launcher_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string WorldLaunch::output() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/output").rdbuf();
    return std::move(text).str();
}

}  // namespace xorch
