#include "worker/gang/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "worker/os/private_folder.h"

namespace xorch {

namespace {

// Where a kernel with the usual range (32768 to 60999) gives none to outgoing connections, and no
// well-known service listens.
constexpr std::uint32_t first_port = 20000;
constexpr std::uint32_t last_port = 32767;

bool is_file_of(int file, const std::string& path) {
    struct stat open {};

    struct stat named {};

    return ::fstat(file, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
           open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

bool is_free(std::uint16_t port) {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return false;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(port);
    // As the program will: what is left of connections that ended is no hindrance.
    const int yes = 1;
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    return ::bind(socket.number(), any, sizeof address) == 0 && ::listen(socket.number(), 1) == 0;
}

}  // namespace

Lease::~Lease() {
    release();
}

Lease& Lease::operator=(Lease&& other) noexcept {
    release();
    file_ = std::move(other.file_);
    path_ = std::move(other.path_);
    return *this;
}

// The name goes while the lock is held: whoever opened the file before finds that it has none.
void Lease::release() {
    if (!file_.is_open()) return;
    ::unlink(path_.c_str());
    file_ = Descriptor();
}

Result<std::string> lease_folder() {
    const std::string root = fmt::format("/tmp/xorch-{}", ::getuid());
    if (auto made = make_private_folder(root); !made) return tl::unexpected(made.error());
    std::string folder = root + "/leases";
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(made.error());
    return folder;
}

std::string gpu_lease_name(const std::string& gpu) {
    return "gpu-" + gpu;
}

Result<std::optional<Lease>> try_lease(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    for (;;) {
        Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file.is_open()) return fail_from_errno("opening " + path, errno);
        if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EINTR) continue;
            if (errno == EWOULDBLOCK) return std::optional<Lease>();
            return fail_from_errno("locking " + path, errno);
        }
        // Its last holder may have taken the name away between our two calls.
        if (is_file_of(file.number(), path)) {
            return std::optional<Lease>(Lease(std::move(file), path));
        }
    }
}

Result<PortLease> lease_port(const std::string& folder, std::uint64_t seed) {
    constexpr std::uint32_t ports = last_port - first_port + 1;
    for (std::uint32_t i = 0; i < ports; ++i) {
        const auto port = static_cast<std::uint16_t>(first_port + (seed + i) % ports);
        auto lease = try_lease(folder, fmt::format("port-{}", port));
        if (!lease) return tl::unexpected(lease.error());
        if (*lease && is_free(port)) return PortLease{port, std::move(**lease)};
    }
    return fail(
        ErrorCode::unavailable, fmt::format("no port from {} to {} is free", first_port, last_port)
    );
}

}  // namespace xorch
