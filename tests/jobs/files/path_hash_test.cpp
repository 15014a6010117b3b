#include "jobs/files/path_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

TEST(PathHash, OfAFolderChangesWithNamesAndBytesOfItsFiles) {
    const TemporaryDirectory folder;
    const auto write = [&](const char* name, const char* bytes) {
        std::ofstream(folder / name) << bytes;
    };
    const auto hash = [&] { return hash_path(folder.path()).value(); };
    write("a", "one");
    write("b", "two");
    const std::string first = hash();
    write("b", "three");
    EXPECT_NE(hash(), first);
    write("b", "two");
    EXPECT_EQ(hash(), first);
    std::filesystem::rename(folder / "b", folder / "c");
    EXPECT_NE(hash(), first);
    EXPECT_NE(hash_path(folder / "a").value(), hash_path(folder / "c").value());
}

TEST(PathHash, OfWhatIsNotThereIsAnErrorWithItsName) {
    const TemporaryDirectory folder;
    EXPECT_THAT(hash_path(folder / "none").error().message, HasSubstr("none"));
    std::filesystem::create_directory(folder / "inner");
    EXPECT_THAT(hash_path(folder.path()).error().message, HasSubstr("inner"));
}

}  // namespace
}  // namespace xorch
