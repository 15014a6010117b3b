#include "tests/slurm/fake_slurm.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace xorch {

FakeSlurm::FakeSlurm() {
    for (const char* name : {"sbatch", "squeue", "scancel", "srun", "scontrol", "sinfo", "sacct"}) {
        EXPECT_EQ(::symlink(XORCH_FAKE_COMMAND, (programs_ / name).c_str()), 0);
    }
    // What the fakes themselves need; beside them on PATH could be a real Slurm.
    EXPECT_EQ(::symlink("/bin/cat", (programs_ / "cat").c_str()), 0);
}

std::vector<std::string> FakeSlurm::environment() const {
    return {"PATH=" + programs_.path(), "FAKE_SLURM=" + folder_.path()};
}

void FakeSlurm::answer(const std::string& command, const FakeAnswer& answer) {
    std::ofstream(folder_ / (command + ".out")) << answer.output;
    std::ofstream(folder_ / (command + ".err")) << answer.error_output;
    std::ofstream(folder_ / (command + ".code")) << answer.exit_code;
}

void FakeSlurm::remove(const std::string& command) {
    ASSERT_EQ(::unlink((programs_ / command).c_str()), 0);
}

void FakeSlurm::hold(const std::string& command) {
    const std::string path = folder_ / (command + ".hold");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    // Open for both, so that nobody waits for the other to open it.
    held_ = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(held_.is_open());
}

void FakeSlurm::release(const std::string& command) {
    ASSERT_EQ(::write(held_.number(), "\n", 1), 1) << command;
}

std::size_t FakeSlurm::calls(const std::string& command) const {
    const std::string text = read(command + ".calls");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::vector<std::string> FakeSlurm::argv(const std::string& command) const {
    std::vector<std::string> lines;
    std::istringstream text(read(command + ".argv"));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

std::string FakeSlurm::input(const std::string& command) const {
    return read(command + ".stdin");
}

std::string FakeSlurm::read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace xorch
