#include "worker/spool.h"

#include <gtest/gtest.h>

#include <deque>

#include "core/io/posix_disk.h"
#include "core/wire/spool_format.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

AgentMessage report(std::uint64_t number, std::size_t row_bytes = 10) {
    EndReport end;
    end.sequence = number;
    end.unit = {.stage = {0}, .index = static_cast<std::uint32_t>(number)};
    end.attempt = {1};
    end.end.rows = std::string(row_bytes, 'x');
    return end;
}

class SpoolFile : public testing::Test {
 protected:
    SpoolContents contents() {
        auto bytes = disk_.read(path_);
        EXPECT_TRUE(bytes) << bytes.error().message;
        auto parsed = parse_spool(incarnation_, *bytes);
        EXPECT_TRUE(parsed) << parsed.error().message;
        return parsed ? *parsed : SpoolContents{};
    }

    TemporaryDirectory directory_;
    PosixDisk disk_;
    IncarnationId incarnation_{77};
    std::string path_ = directory_ / "a.log";
    Spool spool_{disk_, path_, incarnation_};
};

TEST_F(SpoolFile, HoldsWhatWasAppendedInOrder) {
    const std::vector<AgentMessage> first{report(1), report(2)};
    ASSERT_TRUE(spool_.append(first));
    ASSERT_TRUE(spool_.append(std::vector{report(3)}));
    EXPECT_EQ(contents().reports, (std::vector{report(1), report(2), report(3)}));
}

TEST_F(SpoolFile, IsNotMadeForNothing) {
    ASSERT_TRUE(spool_.append({}));
    EXPECT_FALSE(*disk_.exists(path_));
    EXPECT_FALSE(spool_.wants_rewrite(0));
}

TEST_F(SpoolFile, BeginsAnewOnceAllIsAcknowledgedAndItHasGrown) {
    ASSERT_TRUE(spool_.append(std::vector{report(1, 300'000)}));
    EXPECT_FALSE(spool_.wants_rewrite(1));
    ASSERT_TRUE(spool_.wants_rewrite(0));
    ASSERT_TRUE(spool_.rewrite({}));
    EXPECT_FALSE(*disk_.exists(path_));
    ASSERT_TRUE(spool_.append(std::vector{report(2)}));
    EXPECT_EQ(contents().reports, std::vector{report(2)});
}

TEST_F(SpoolFile, StaysBoundedWhileSomethingIsNeverAcknowledged) {
    std::deque<AgentMessage> kept{report(1, 100'000)};
    std::uint64_t largest = 0;
    ASSERT_TRUE(spool_.append(std::vector{report(1, 100'000)}));
    for (std::uint64_t i = 2; i < 400; ++i) {
        ASSERT_TRUE(spool_.append(std::vector{report(i, 100'000)}));
        if (spool_.wants_rewrite(kept.size())) {
            ASSERT_TRUE(spool_.rewrite(kept));
        }
        largest = std::max(largest, spool_.bytes());
    }
    EXPECT_LT(largest, 17U << 20U);
    EXPECT_EQ(contents().reports.front(), report(1, 100'000));
}

TEST_F(SpoolFile, RecoversFromAFailedAppend) {
    Spool nowhere(disk_, directory_ / "later/a.log", incarnation_);
    EXPECT_FALSE(nowhere.append(std::vector{report(1)}));
    EXPECT_TRUE(nowhere.wants_rewrite(1));
    EXPECT_FALSE(nowhere.rewrite({report(1)}));
    ASSERT_TRUE(disk_.make_directory(directory_ / "later"));
    ASSERT_TRUE(nowhere.rewrite({report(1)}));
    EXPECT_FALSE(nowhere.wants_rewrite(1));
    ASSERT_TRUE(nowhere.append(std::vector{report(2)}));
    auto bytes = disk_.read(directory_ / "later/a.log");
    ASSERT_TRUE(bytes);
    EXPECT_EQ(parse_spool(incarnation_, *bytes)->reports, (std::vector{report(1), report(2)}));
}

}  // namespace
}  // namespace xorch
