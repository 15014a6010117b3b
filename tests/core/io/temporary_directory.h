#pragma once

// A directory of one test's own, mode 0700, removed with everything in it.

#include <filesystem>
#include <string>

namespace xorch {

class TemporaryDirectory {
 public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "xorch-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }

    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

}  // namespace xorch
