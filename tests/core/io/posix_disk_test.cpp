#include "core/io/posix_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;

class PosixDiskFile : public testing::Test {
 protected:
    void write(const std::string& path, std::string_view bytes) {
        auto file = disk_.create(path);
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE((*file)->append(bytes));
        ASSERT_TRUE((*file)->sync());
    }

    static unsigned mode(const std::string& path) {
        struct stat status {};

        EXPECT_EQ(::lstat(path.c_str(), &status), 0);
        return status.st_mode & 0777U;
    }

    TemporaryDirectory directory_;
    PosixDisk disk_;
    std::string path_ = directory_ / "file";
};

TEST_F(PosixDiskFile, ReadsBackWhatWasAppended) {
    write(path_, "one ");
    auto again = disk_.open_append(path_);
    ASSERT_TRUE(again);
    ASSERT_TRUE((*again)->append("two"));
    EXPECT_EQ(disk_.read(path_).value(), "one two");
    EXPECT_EQ(disk_.read_range(path_, 2, 3).value(), "e t");
    EXPECT_EQ(disk_.read_range(path_, 5, 100).value(), "wo");
    EXPECT_EQ(disk_.read_range(path_, 100, 1).value(), "");
    EXPECT_EQ(disk_.size(path_).value(), 7U);
}

TEST_F(PosixDiskFile, IsForItsOwnerOnly) {
    write(path_, "secret");
    EXPECT_EQ(mode(path_), 0600U);
    ASSERT_TRUE(disk_.make_directory(directory_ / "folder"));
    EXPECT_EQ(mode(directory_ / "folder"), 0700U);
}

TEST_F(PosixDiskFile, IsNeverMadeOverAnotherOne) {
    write(path_, "first");
    const auto second = disk_.create(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_EQ(disk_.read(path_).value(), "first");
}

TEST_F(PosixDiskFile, IsNeverReachedThroughASymbolicLink) {
    write(path_, "target");
    const std::string alias = directory_ / "alias";
    ASSERT_EQ(::symlink(path_.c_str(), alias.c_str()), 0);
    EXPECT_FALSE(disk_.create(alias));
    EXPECT_FALSE(disk_.open_append(alias));
    EXPECT_FALSE(disk_.read(alias));
    EXPECT_FALSE(disk_.make_directory(alias));
}

TEST_F(PosixDiskFile, AFifoInItsPlaceDoesNotBlock) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_FALSE(disk_.read(path_));
    EXPECT_FALSE(disk_.open_append(path_));
}

TEST_F(PosixDiskFile, ThatIsMissingIsNotFound) {
    EXPECT_EQ(disk_.read(path_).error().code, ErrorCode::not_found);
    EXPECT_EQ(disk_.open_append(path_).error().code, ErrorCode::not_found);
    EXPECT_EQ(disk_.size(path_).error().code, ErrorCode::not_found);
    EXPECT_EQ(disk_.remove(path_).error().code, ErrorCode::not_found);
    EXPECT_EQ(disk_.list(path_).error().code, ErrorCode::not_found);
    EXPECT_FALSE(disk_.exists(path_).value());
}

TEST_F(PosixDiskFile, IsLinkedOnce) {
    write(path_, "header");
    write(directory_ / "other", "other");
    const std::string name = directory_ / "name";
    EXPECT_TRUE(disk_.link(path_, name).value());
    EXPECT_FALSE(disk_.link(directory_ / "other", name).value());
    EXPECT_EQ(disk_.read(name).value(), "header");
    EXPECT_FALSE(disk_.link(directory_ / "missing", directory_ / "nowhere"));
}

// What a client sees when the server made the link and its answer was lost: a repeated call says
// EEXIST.
TEST_F(PosixDiskFile, CountsAsLinkedWhenTheLinkCountSaysSo) {
    write(path_, "header");
    const std::string name = directory_ / "name";
    ASSERT_EQ(::link(path_.c_str(), name.c_str()), 0);
    EXPECT_TRUE(disk_.link(path_, name).value());
}

TEST_F(PosixDiskFile, IsListedRenamedAndRemoved) {
    write(directory_ / "b", "");
    write(directory_ / "a", "");
    EXPECT_THAT(disk_.list(directory_.path()).value(), ElementsAre("a", "b"));
    ASSERT_TRUE(disk_.rename(directory_ / "a", directory_ / "c"));
    ASSERT_TRUE(disk_.remove(directory_ / "b"));
    ASSERT_TRUE(disk_.sync_directory(directory_.path()));
    EXPECT_THAT(disk_.list(directory_.path()).value(), ElementsAre("c"));
}

TEST_F(PosixDiskFile, IsReplacedWhole) {
    ASSERT_TRUE(write_file_atomically(disk_, path_, "old"));
    ASSERT_TRUE(write_file_atomically(disk_, path_, "new"));
    EXPECT_EQ(disk_.read(path_).value(), "new");
    EXPECT_THAT(disk_.list(directory_.path()).value(), ElementsAre("file"));
}

TEST_F(PosixDiskFile, ADirectoryMayBeThereAlready) {
    ASSERT_TRUE(disk_.make_directory(directory_ / "folder"));
    EXPECT_TRUE(disk_.make_directory(directory_ / "folder"));
    write(path_, "");
    EXPECT_FALSE(disk_.make_directory(path_));
}

TEST_F(PosixDiskFile, AFullDiskSaysSo) {
    if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full here";
    auto file = disk_.open_append("/dev/full");
    ASSERT_TRUE(file) << file.error().message;
    const auto written = (*file)->append("x");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::no_space);
}

}  // namespace
}  // namespace xorch
