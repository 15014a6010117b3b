#include "coordinator/input/manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

namespace fs = std::filesystem;

std::string hash(const std::string& path) {
    const auto result = manifest_hash(path);
    return result ? *result : "error: " + result.error().message;
}

TEST(Manifest, DependsOnNamesAndContentsBelowAndNotOnThePlace) {
    const TemporaryDirectory one;
    const TemporaryDirectory two;
    for (const TemporaryDirectory* folder : {&one, &two}) {
        fs::create_directory(*folder / "sub");
        write(*folder / "sub/b", "b");
        write(*folder / "a", "a");
    }
    EXPECT_EQ(hash(one.path()), hash(two.path()));
    fs::rename(two / "a", two / "c");
    EXPECT_NE(hash(one.path()), hash(two.path()));
    fs::rename(two / "c", two / "a");
    write(two / "a", "A");
    EXPECT_NE(hash(one.path()), hash(two.path()));
}

TEST(Manifest, OfAFileIsItsContent) {
    const TemporaryDirectory folder;
    write(folder / "a", "x");
    write(folder / "b", "x");
    write(folder / "c", "y");
    EXPECT_EQ(hash(folder / "a"), hash(folder / "b"));
    EXPECT_NE(hash(folder / "a"), hash(folder / "c"));
}

TEST(Manifest, FollowsLinksThatStayInside) {
    const TemporaryDirectory folder;
    write(folder / "a", "x");
    fs::create_symlink("a", folder / "b");
    const std::string before = hash(folder.path());
    write(folder / "a", "y");
    EXPECT_NE(hash(folder.path()), before);
    const auto files = list_files(folder.path(), false);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_FALSE((*files)[1].outside_link);
}

TEST(Manifest, DoesNotFollowLinksThatLeadOutsideOrInACircle) {
    const TemporaryDirectory folder;
    fs::create_symlink("/usr", folder / "usr");
    fs::create_symlink(".", folder / "self");
    const auto files = list_files(folder.path(), false);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_TRUE((*files)[0].outside_link);
    EXPECT_TRUE((*files)[1].outside_link);
    EXPECT_EQ(hash(folder.path()).size(), 32U);
}

TEST(Manifest, RefusesWhatIsNeitherFileNorFolder) {
    const TemporaryDirectory folder;
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_TRUE(hash(folder.path()).starts_with("error: "));
    EXPECT_TRUE(hash(folder / "missing").starts_with("error: "));
}

TEST(Manifest, TakesNamesThatAreNotUtf8) {
    const TemporaryDirectory folder;
    write(folder / "\xFF", "x");
    const std::string first = hash(folder.path());
    fs::rename(folder / "\xFF", folder / "\xFE");
    EXPECT_EQ(first.size(), 32U);
    EXPECT_NE(hash(folder.path()), first);
}

}  // namespace
}  // namespace xorch
