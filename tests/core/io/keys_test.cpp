#include "core/io/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using ::testing::HasSubstr;

class Keys : public ::testing::Test {
 protected:
    const std::string& directory() const { return directory_; }

    mode_t mode(const std::string& path) const {
        struct stat status {};

        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return status.st_mode & 07777U;
    }

    TemporaryDirectory sweep_;
    std::string directory_ = sweep_.path() + "/keys";
};

TEST_F(Keys, AreMadeOnceAndReadAgain) {
    const auto made = ensure_keys(directory(), "client");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->public_key.size(), 40U);
    EXPECT_EQ(made->secret_key.size(), 40U);
    const auto again = ensure_keys(directory(), "client");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->secret_key, made->secret_key);
    const auto read = read_keys(directory(), "client");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->public_key, made->public_key);
    EXPECT_EQ(read->secret_key, made->secret_key);
    EXPECT_EQ(read_public_key(directory(), "client").value(), made->public_key);
}

TEST_F(Keys, OfDifferentNamesDiffer) {
    const auto one = ensure_keys(directory(), agent_key_name({1}));
    const auto two = ensure_keys(directory(), agent_key_name({2}));
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->secret_key, two->secret_key);
}

TEST_F(Keys, AreReadableByTheirOwnerOnly) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    EXPECT_EQ(mode(directory()), 0700U);
    EXPECT_EQ(mode(directory() + "/client.secret"), 0600U);
    EXPECT_EQ(mode(directory() + "/client.public"), 0600U);
}

TEST_F(Keys, LeaveNoTemporaryFilesBehind) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory())) {
        ++files;
    }
    EXPECT_EQ(files, 2U);
}

TEST_F(Keys, InAFileThatOthersCanReadAreRefused) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    ASSERT_EQ(chmod((directory() + "/client.secret").c_str(), 0640), 0);
    const auto read = read_keys(directory(), "client");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("chmod 600"));
    EXPECT_FALSE(ensure_keys(directory(), "client"));
}

TEST_F(Keys, InADirectoryThatOthersCanEnterAreRefused) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    ASSERT_EQ(chmod(directory().c_str(), 0750), 0);
    const auto read = read_keys(directory(), "client");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("chmod 700"));
    EXPECT_FALSE(read_public_key(directory(), "client"));
}

TEST_F(Keys, BelowAParentThatOthersCanWriteToAreRefused) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    ASSERT_EQ(chmod(sweep_.path().c_str(), 0770), 0);
    const auto read = read_keys(directory(), "client");
    ASSERT_EQ(chmod(sweep_.path().c_str(), 0700), 0);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("chmod go-w"));
}

TEST_F(Keys, OfAnotherUserAreRefused) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    ASSERT_EQ(chown((directory() + "/client.secret").c_str(), 65534, 65534), 0);
    const auto read = read_keys(directory(), "client");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("another user"));
}

TEST_F(Keys, BehindASymbolicLinkAreRefused) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    const std::string secret = directory() + "/client.secret";
    std::filesystem::rename(secret, sweep_.path() + "/elsewhere");
    std::filesystem::create_symlink(sweep_.path() + "/elsewhere", secret);
    EXPECT_FALSE(read_keys(directory(), "client"));
}

TEST_F(Keys, ThatAreNoKeysAreRefusedWithoutQuotingThem) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    const std::string junk = "half-a-key-that-nobody-may-see";
    std::ofstream(directory() + "/client.secret", std::ios::trunc) << junk;
    const auto read = read_keys(directory(), "client");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::corrupted);
    EXPECT_THAT(read.error().message, Not(HasSubstr(junk)));
}

TEST_F(Keys, AreGoneAfterRemoval) {
    ASSERT_TRUE(ensure_keys(directory(), "client"));
    ASSERT_TRUE(remove_keys(directory(), "client"));
    ASSERT_TRUE(remove_keys(directory(), "client"));
    const auto read = read_keys(directory(), "client");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace xorch
