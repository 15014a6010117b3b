#include "core/io/keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>

#include "core/io/descriptor.h"

namespace xorch {
namespace {

constexpr std::size_t key_length = 40;  // Z85 of 32 bytes

// Others may neither read nor write what holds keys; a looser mode may have been used already.
Result<void> check_private(int descriptor, const std::string& path, const char* mode) {
    struct stat status {};

    if (fstat(descriptor, &status) != 0) return fail_from_errno("looking at " + path, errno);
    if (status.st_uid != geteuid()) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{} belongs to another user (uid {}); remove it", path, status.st_uid)
        );
    }
    if ((status.st_mode & 077U) != 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{} can be used by others (mode {:04o}); if nobody did, run `chmod {} '{}'`",
                path,
                status.st_mode & 07777U,
                mode,
                path
            )
        );
    }
    return {};
}

// Whoever can write to the parent can put a directory of his own in place of ours.
Result<void> check_parent(int descriptor, const std::string& path) {
    struct stat status {};

    if (fstatat(descriptor, "..", &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_from_errno("looking at the parent of " + path, errno);
    }
    const bool writable = (status.st_mode & 022U) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (!writable) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format("others can write to the parent of {0}; run `chmod go-w '{0}/..'`", path)
    );
}

Result<Descriptor> open_directory(const std::string& directory) {
    Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.is_open()) return fail_from_errno("opening " + directory, errno);
    if (auto checked = check_private(opened.number(), directory, "700"); !checked) {
        return tl::unexpected(checked.error());
    }
    if (auto checked = check_parent(opened.number(), directory); !checked) {
        return tl::unexpected(checked.error());
    }
    return opened;
}

Result<std::string> read_key(int directory, const std::string& path, const std::string& file) {
    // O_NONBLOCK: a FIFO in place of the file must not hang us.
    const Descriptor opened(
        openat(directory, file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    );
    const std::string name = path + "/" + file;
    if (!opened.is_open()) return fail_from_errno("opening " + name, errno);
    if (auto checked = check_private(opened.number(), name, "600"); !checked) {
        return tl::unexpected(checked.error());
    }
    std::array<char, key_length + 2> text{};
    const ssize_t got = read(opened.number(), text.data(), text.size());
    if (got < 0) return fail_from_errno("reading " + name, errno);
    if (got != static_cast<ssize_t>(key_length) + 1 || text[key_length] != '\n') {
        return fail(
            ErrorCode::corrupted,
            fmt::format("{0} holds no key; run `rm '{0}'` and try again", name)
        );
    }
    return std::string(text.data(), key_length);
}

// Writes under a name of its own and links it to its place, so that nobody reads half a key and the
// first of two makers wins.
Result<void> place_key(
    int directory, const std::string& path, const std::string& file, const std::string& key
) {
    const std::string temporary = fmt::format("{}.{}.tmp", file, getpid());
    const std::string name = path + "/" + file;
    unlinkat(directory, temporary.c_str(), 0);  // of a crashed process that had our pid
    const Descriptor made(openat(
        directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600
    ));
    if (!made.is_open()) return fail_from_errno("creating " + name, errno);
    const std::string line = key + "\n";
    const bool written =
        write(made.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        fsync(made.number()) == 0;
    const int write_error = errno;
    const bool linked =
        written && linkat(directory, temporary.c_str(), directory, file.c_str(), 0) == 0;
    const int link_error = errno;
    unlinkat(directory, temporary.c_str(), 0);
    if (!written) return fail_from_errno("writing " + name, write_error);
    if (!linked && link_error != EEXIST) return fail_from_errno("creating " + name, link_error);
    return {};
}

Result<KeyPair> read_pair(int directory, const std::string& path, const std::string& name) {
    auto secret_key = read_key(directory, path, name + ".secret");
    if (!secret_key) return tl::unexpected(secret_key.error());
    std::array<char, key_length + 1> public_key{};
    if (zmq_curve_public(public_key.data(), secret_key->c_str()) != 0) {
        return fail(
            ErrorCode::corrupted,
            fmt::format(
                "{0}/{1}.secret holds no key; run `rm '{0}/{1}.secret'` and try again", path, name
            )
        );
    }
    return KeyPair{.public_key = public_key.data(), .secret_key = std::move(*secret_key)};
}

Result<void> make_directory(const std::string& directory) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_from_errno("creating " + directory, errno);
    }
    return {};
}

Result<void> make_pair(int directory, const std::string& path, const std::string& name) {
    std::array<char, key_length + 1> public_key{};
    std::array<char, key_length + 1> secret_key{};
    if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
        return fail(ErrorCode::internal, "this libzmq was built without CURVE");
    }
    return place_key(directory, path, name + ".secret", secret_key.data());
}

}  // namespace

std::string coordinator_key_name() {
    return "coordinator";
}

std::string client_key_name() {
    return "client";
}

std::string agent_key_name(AllocationId allocation) {
    return fmt::format("agent-{}", allocation.value);
}

Result<KeyPair> ensure_keys(const std::string& directory, const std::string& name) {
    if (auto made = make_directory(directory); !made) return tl::unexpected(made.error());
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    auto pair = read_pair(opened->number(), directory, name);
    if (!pair && pair.error().code == ErrorCode::not_found) {
        if (auto made = make_pair(opened->number(), directory, name); !made) {
            return tl::unexpected(made.error());
        }
        pair = read_pair(opened->number(), directory, name);
    }
    if (!pair) return pair;
    // The public file follows from the secret one; a crash between the two is mended here.
    const std::string file = name + ".public";
    auto published = read_key(opened->number(), directory, file);
    if (!published && published.error().code == ErrorCode::not_found) {
        auto placed = place_key(opened->number(), directory, file, pair->public_key);
        if (!placed) return tl::unexpected(placed.error());
        published = pair->public_key;
    }
    if (!published) return tl::unexpected(published.error());
    if (*published != pair->public_key) {
        return fail(
            ErrorCode::corrupted,
            fmt::format(
                "{0}/{1}.public does not belong to {1}.secret; run `rm '{0}/{1}.public' "
                "'{0}/{1}.secret'` once nothing of the sweep runs: new ones are made",
                directory,
                name
            )
        );
    }
    return pair;
}

Result<KeyPair> read_keys(const std::string& directory, const std::string& name) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    return read_pair(opened->number(), directory, name);
}

Result<std::string> read_public_key(const std::string& directory, const std::string& name) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    return read_key(opened->number(), directory, name + ".public");
}

Result<std::string> name_encryption() {
    int major = 0;
    int minor = 0;
    int patch = 0;
    zmq_version(&major, &minor, &patch);
    const std::string name = fmt::format("ZeroMQ {}.{}.{}", major, minor, patch);
    if (zmq_has("curve") == 1) return name;
    return fail(ErrorCode::unavailable, name + " without CURVE");
}

Result<void> remove_keys(const std::string& directory, const std::string& name) {
    const auto opened = open_directory(directory);
    if (!opened) return tl::unexpected(opened.error());
    for (const char* half : {".secret", ".public"}) {
        const std::string file = name + half;
        if (unlinkat(opened->number(), file.c_str(), 0) != 0 && errno != ENOENT) {
            return fail_from_errno("removing " + directory + "/" + file, errno);
        }
    }
    return {};
}

}  // namespace xorch
