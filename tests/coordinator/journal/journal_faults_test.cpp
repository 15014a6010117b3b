// A coordinator that writes, fails or loses power, recovers and goes on, with a fault at every
// operation that changes the disk: what was acknowledged is there in the end (invariant I1).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "core/io/posix_disk.h"
#include "tests/coordinator/journal/journal_fixture.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// One reign that says numbered words until something fails; acknowledged ones are appended.
void reign(Disk& disk, std::uint64_t pid, int words, std::vector<std::string>& acknowledged) {
    auto writer = claim_next(disk, pid);
    if (!writer) return;
    for (int i = 0; i < words; ++i) {
        std::vector<std::string> group;
        for (int j = 0; j <= i % 3; ++j) {
            group.push_back(
                std::to_string(pid) + "." + std::to_string(i) + "." + std::to_string(j)
            );
            writer->stage(batch_saying(group.back()));
        }
        if (!writer->write(writer->take_staged())) return;
        acknowledged.insert(acknowledged.end(), group.begin(), group.end());
    }
}

bool is_subsequence(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
    auto next = part.begin();
    for (const std::string& word : whole) {
        if (next != part.end() && word == *next) ++next;
    }
    return next == part.end();
}

struct Scenario {
    bool sticky = false;
    bool takes_effect = false;
    bool power_fails = false;
};

class JournalFaults : public testing::TestWithParam<Scenario> {};

TEST_P(JournalFaults, LoseNothingThatWasAcknowledged) {
    constexpr std::uint64_t operations = 48;  // two reigns take fewer
    for (std::uint64_t operation = 0; operation < operations; ++operation) {
        std::mt19937_64 random(operation);
        MemoryDisk disk;
        FaultyDisk faulty(
            disk,
            Fault{
                .operation = operation,
                .sticky = GetParam().sticky,
                .takes_effect = GetParam().takes_effect,
                .code = ErrorCode::no_space,
            }
        );
        std::vector<std::string> acknowledged;
        for (std::uint64_t pid = 1; pid <= 2; ++pid) {
            reign(faulty, pid, 5, acknowledged);
            if (GetParam().power_fails) disk.crash(random);
        }
        faulty.heal();
        reign(faulty, 3, 2, acknowledged);
        const auto said = read_journal(disk);
        ASSERT_TRUE(said) << said.error().message << ", fault at " << operation;
        EXPECT_TRUE(is_subsequence(acknowledged, said->reasons)) << "fault at " << operation;
        EXPECT_GE(acknowledged.size(), 3U) << "the last reign works, fault at " << operation;
        auto unique = said->reasons;
        std::sort(unique.begin(), unique.end());
        EXPECT_EQ(std::unique(unique.begin(), unique.end()), unique.end());
    }
}

INSTANTIATE_TEST_SUITE_P(
    EveryOperation,
    JournalFaults,
    testing::Values(
        Scenario{},
        Scenario{.sticky = true},
        Scenario{.takes_effect = true},
        Scenario{.power_fails = true},
        Scenario{.sticky = true, .power_fails = true},
        Scenario{.takes_effect = true, .power_fails = true}
    )
);

// A file system of 2 MiB of the test's own, gone at the end of its scope.
class SmallDisk {
 public:
    explicit SmallDisk(const std::string& path) : path_(path) {
        mounted_ = ::mkdir(path.c_str(), 0700) == 0 &&
                   ::mount("none", path.c_str(), "tmpfs", 0, "size=2m") == 0;
    }

    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }

    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool is_mounted() const { return mounted_; }

 private:
    std::string path_;
    bool mounted_ = false;
};

class FullDisk : public testing::Test {
 protected:
    JournalEnd replay() {
        count_ = 0;
        auto end =
            replay_journal(disk_, path_, [&](const FactBatch&, FactLocation) -> Result<void> {
                ++count_;
                return {};
            });
        EXPECT_TRUE(end) << (end ? "" : end.error().message);
        return end ? *end : JournalEnd{};
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_ / "journal";
    PosixDisk disk_;
    int count_ = 0;
};

TEST_F(FullDisk, LosesNothingAndLeavesRoomToGoOn) {
    const SmallDisk small(path_);
    if (!small.is_mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
    ASSERT_TRUE(make_reserve(disk_, path_));
    auto writer = JournalWriter::claim(disk_, path_, {}, holder_with_pid(1), sweep_hash);
    ASSERT_TRUE(writer);
    const std::string text(10'000, 'x');
    int acknowledged = 0;
    Result<void> written;
    while ((written = say(*writer, text)))
        ++acknowledged;
    EXPECT_EQ(written.error().code, ErrorCode::no_space) << written.error().message;
    EXPECT_THAT(written.error().message, HasSubstr("No space left"));
    EXPECT_GT(acknowledged, 10);

    // The journal is whole, the reserve makes room for another epoch, and once there is space the
    // reserve comes back.
    JournalEnd end = replay();
    EXPECT_EQ(count_, acknowledged);
    ASSERT_TRUE(release_reserve(disk_, path_));
    auto next = JournalWriter::claim(disk_, path_, end, holder_with_pid(1), sweep_hash);
    ASSERT_TRUE(next) << next.error().message;
    ASSERT_TRUE(say(*next, "there is room"));
    end = replay();
    EXPECT_EQ(count_, acknowledged + 1);
    EXPECT_EQ(end.epoch.value, 2U);
}

}  // namespace
}  // namespace xorch
