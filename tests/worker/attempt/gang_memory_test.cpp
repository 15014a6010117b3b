// Ranks that take more memory than there is for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <sstream>

#include "tests/worker/attempt/gangs.h"

namespace xorch {
namespace {

using testing::HasSubstr;

TEST_F(Gangs, ARankOverItsShareOfMemoryIsEnded) {
    stage().resources.memory = Bytes{100ULL << 20U};
    python(
        "import os, signal\n"
        "if os.environ['RANK'] == '1': x = bytearray(os.urandom(1 << 20) * 300)\n"
        "while True: signal.pause()\n"
    );
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("rank 1 of 2 on here: it used"));
    EXPECT_THAT(end.message, HasSubstr("of its 100 MiB (resources.memory)"));
}

// A group of processes that have no more memory than this; open if this system lets us make one.
class PoorGroup {
 public:
    explicit PoorGroup(std::uint64_t bytes) {
        std::istringstream groups(read_text("/proc/self/cgroup"));
        for (std::string line; std::getline(groups, line);) {
            const std::size_t at = line.find(":memory:");
            if (at != std::string::npos) path_ = "/sys/fs/cgroup/memory" + line.substr(at + 8);
        }
        path_ += "/xorch-test-" + std::to_string(::getpid());
        if (!std::filesystem::create_directory(path_, error_)) return;
        write_text(path_ + "/memory.limit_in_bytes", std::to_string(bytes));
    }

    ~PoorGroup() {
        if (error_) return;
        // The kernel needs a moment after the last process is gone.
        while (::rmdir(path_.c_str()) != 0 && errno == EBUSY) {
        }
    }

    PoorGroup(const PoorGroup&) = delete;
    PoorGroup& operator=(const PoorGroup&) = delete;

    const std::error_code& error() const { return error_; }

    std::string entrance() const { return path_ + "/cgroup.procs"; }

 private:
    std::string path_;
    std::error_code error_;
};

TEST_F(Gangs, ARankThatTheKernelEndsForWantOfMemoryIsNamed) {
    const PoorGroup group(200ULL << 20U);
    if (group.error()) GTEST_SKIP() << "no memory cgroup (v1): " << group.error().message();
    const std::string folder = directory() + "/bin";
    std::filesystem::create_directory(folder);
    const std::string real = find_program("mpirun", {}, "").value();
    write_text(
        folder + "/mpirun",
        "#!/bin/sh\necho $$ > " + group.entrance() + "\nexec " + real + " \"$@\"\n"
    );
    std::filesystem::permissions(folder + "/mpirun", std::filesystem::perms::owner_all);
    sweep().env.set = {
        {"PATH", folder + ":/usr/bin:/bin"}
    };
    python(
        "import os, signal\n"
        "if os.environ['RANK'] == '1': x = bytearray(b'1') * (800 << 20)\n"
        "while True: signal.pause()\n"
    );
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("rank 1 of 2 on here: the kernel ended it"));
}

}  // namespace
}  // namespace xorch
