#pragma once

// Slurm's commands on a PATH of their own, each of which answers what a test wrote down
// (fakes/command) and can be held until the test lets it go.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace xorch {

struct FakeAnswer {
    std::string output = {};
    std::string error_output = {};
    int exit_code = 0;
};

class FakeSlurm {
 public:
    FakeSlurm();

    std::vector<std::string> environment() const;

    // From now on.
    void answer(const std::string& command, const FakeAnswer& answer);

    // It is not on PATH any more.
    void remove(const std::string& command);

    // A call does not end before release(), which lets one go.
    void hold(const std::string& command);
    void release(const std::string& command);

    std::size_t calls(const std::string& command) const;
    std::vector<std::string> argv(const std::string& command) const;  // of the last call
    std::string input(const std::string& command) const;              // of the last call

 private:
    std::string read(const std::string& name) const;

    TemporaryDirectory programs_;
    TemporaryDirectory folder_;
    Descriptor held_;
};

}  // namespace xorch
