#include "worker/os/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace xorch {

// /tmp is everybody's: a folder of that name may be somebody else's trap.
Result<void> make_private_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_from_errno("making " + path, errno);
    }

    struct stat found {};

    if (lstat(path.c_str(), &found) != 0) return fail_from_errno("looking at " + path, errno);
    if (!S_ISDIR(found.st_mode) || found.st_uid != getuid() || (found.st_mode & 077U) != 0) {
        return fail(
            ErrorCode::conflict,
            path + " is not a folder of yours with mode 0700; remove it or set TMPDIR"
        );
    }
    return {};
}

}  // namespace xorch
