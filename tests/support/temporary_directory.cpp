#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace xorch {

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "xorch-test-XXXXXX").string()) {
    XORCH_CHECK(::mkdtemp(path_.data()) != nullptr, "a test needs a writable TMPDIR");
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;  // what cannot be removed is left to whoever cleans TMPDIR
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace xorch
