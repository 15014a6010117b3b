#include "worker/attempt/storage/artifact_seal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

namespace fs = std::filesystem;

class ArtifactSeal : public testing::Test {
 protected:
    ArtifactSeal() {
        fs::create_directories(out() + "/maps");
        write("maps/a", "1");
        write("b", "23");
    }

    std::string out() const { return folder / "out"; }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(out() + "/" + name, std::ios::binary) << text;
    }

    TemporaryDirectory folder;
};

TEST_F(ArtifactSeal, HoldsWhileNoFileIsChangedAddedRenamedOrLost) {
    ASSERT_TRUE(seal_artifacts(out()));
    EXPECT_TRUE(are_whole(out()));
    write("b", "32");
    EXPECT_FALSE(are_whole(out()));
    write("b", "23");
    EXPECT_TRUE(are_whole(out())) << "when it was written does not matter";
    write("c", "");
    EXPECT_FALSE(are_whole(out()));
    fs::remove(out() + "/c");
    fs::rename(out() + "/b", out() + "/c");
    EXPECT_FALSE(are_whole(out()));
    fs::remove_all(out());
    EXPECT_FALSE(are_whole(out()));
}

TEST_F(ArtifactSeal, KnowsFilesThatAreTooLargeToReadByTheirSize) {
    fs::resize_file(out() + "/b", 1ULL << 32U);  // a hole: it takes no space
    write("c", "1");
    ASSERT_TRUE(seal_artifacts(out()));
    EXPECT_TRUE(are_whole(out()));
    fs::resize_file(out() + "/b", (1ULL << 32U) + 1);
    EXPECT_FALSE(are_whole(out()));
    fs::resize_file(out() + "/b", 1ULL << 32U);
    write("c", "2");
    EXPECT_FALSE(are_whole(out())) << "what comes after it is read";
}

TEST_F(ArtifactSeal, IsNotMadeOfLinksNorAskedOfFoldersWithoutOne) {
    EXPECT_TRUE(are_whole(out())) << "an older program left it";
    fs::create_symlink("/", out() + "/link");
    EXPECT_TRUE(seal_artifacts(out()));
    EXPECT_FALSE(fs::exists(artifact_seal(out())));
    EXPECT_TRUE(are_whole(out()));
}

}  // namespace
}  // namespace xorch
