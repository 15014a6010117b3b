#include "tools/cli/rehearse/directory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace xorch {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class DirectoryWatchTest : public testing::Test {
 protected:
    DirectoryWatchTest() {
        std::string pattern = fs::temp_directory_path() / "xorch-watch-XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }

    ~DirectoryWatchTest() override { fs::remove_all(folder); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder + "/" + name) << text;
    }

    static bool has(
        const std::vector<DirectoryEvent>& events,
        DirectoryEvent::Kind kind,
        const std::string& path
    ) {
        return std::any_of(events.begin(), events.end(), [&](const DirectoryEvent& event) {
            return event.kind == kind && event.path == path;
        });
    }

    std::string folder;
};

TEST_F(DirectoryWatchTest, SeesWritingRenamingAndOpening) {
    auto watch = DirectoryWatch::start(folder);
    ASSERT_TRUE(watch) << watch.error().message;
    write("a.tmp", "text");
    fs::rename(folder + "/a.tmp", folder + "/a");
    const auto events = watch->take();
    EXPECT_TRUE(has(events, DirectoryEvent::Kind::created, "a.tmp"));
    EXPECT_TRUE(has(events, DirectoryEvent::Kind::written, "a.tmp"));
    EXPECT_TRUE(has(events, DirectoryEvent::Kind::moved_in, "a"));
    EXPECT_FALSE(has(events, DirectoryEvent::Kind::written, "a"));
    std::string text;
    std::ifstream(folder + "/a") >> text;
    EXPECT_TRUE(has(watch->take(), DirectoryEvent::Kind::read, "a"));
    EXPECT_THAT(watch->take(), IsEmpty());
}

TEST_F(DirectoryWatchTest, SeesIntoFoldersThatAppearLater) {
    auto watch = DirectoryWatch::start(folder);
    ASSERT_TRUE(watch);
    fs::create_directory(folder + "/new");
    EXPECT_TRUE(has(watch->take(), DirectoryEvent::Kind::created, "new"));
    write("new/file", "text");
    EXPECT_TRUE(has(watch->take(), DirectoryEvent::Kind::written, "new/file"));
}

TEST_F(DirectoryWatchTest, TellsNewAndChangedFilesFromOldOnes) {
    write("old", "1");
    write("grows", "1");
    fs::create_directory(folder + "/left_out");
    const TreeSnapshot before = take_snapshot(folder, folder + "/left_out");
    write("grows", "12");
    write("new", "1");
    write("left_out/x", "1");
    const TreeSnapshot after = take_snapshot(folder, folder + "/left_out");
    EXPECT_THAT(changed_files(before, after), ElementsAre("grows", "new"));
    EXPECT_THAT(changed_files(after, after), IsEmpty());
}

}  // namespace
}  // namespace xorch
