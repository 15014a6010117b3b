#pragma once

// A folder below $XORCH_HOME for something that leaves nothing behind: mode 0700, removed with
// everything in it at the end of its scope, and so is $XORCH_HOME if it was made for this.

#include <string>

#include "core/error.h"

namespace xorch {

class PrivateFolder {
 public:
    // "<home>/.<purpose>-XXXXXX"
    static Result<PrivateFolder> make(const std::string& home, const std::string& purpose);
    ~PrivateFolder();
    PrivateFolder(PrivateFolder&& other) noexcept;
    PrivateFolder& operator=(PrivateFolder&&) = delete;

    const std::string& path() const { return path_; }

 private:
    PrivateFolder(std::string path, std::string made_home)
        : path_(std::move(path)), made_home_(std::move(made_home)) {}

    std::string path_;
    std::string made_home_;  // empty = it was there
};

}  // namespace xorch
