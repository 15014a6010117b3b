#include "tools/cli/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace xorch {

namespace {

namespace fs = std::filesystem;

// A process on another machine may write its last file while the folder is being removed.
constexpr int tries_max = 20;

}  // namespace

Result<PrivateFolder> PrivateFolder::make(const std::string& home, const std::string& purpose) {
    std::error_code error;
    const bool made_home = fs::create_directories(home, error);
    std::string path = home + "/." + purpose + "-XXXXXX";
    if (error || ::mkdtemp(path.data()) == nullptr) {
        return fail_from_errno("making a folder below " + home, error ? error.value() : errno);
    }
    return PrivateFolder(std::move(path), made_home ? home : "");
}

PrivateFolder::~PrivateFolder() {
    if (path_.empty()) return;
    std::error_code error;
    for (int i = 0; i < tries_max; ++i) {
        fs::remove_all(path_, error);
        if (!error) break;
    }
    // Not if somebody else has put something there.
    if (!made_home_.empty()) fs::remove(made_home_, error);
}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), made_home_(std::exchange(other.made_home_, {})) {}

}  // namespace xorch
