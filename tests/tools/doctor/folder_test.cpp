#include "tools/cli/doctor/probe/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/posix_disk.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::IsEmpty;
using testing::Not;

TEST(FolderProbe, AGoodFolderDoesAllAndIsLeftEmpty) {
    const TemporaryDirectory folder;
    PosixDisk disk;
    const FolderFacts facts = probe_folder(disk, folder.path(), "here");
    EXPECT_THAT(facts.problems, IsEmpty());
    EXPECT_EQ(facts.path, folder.path());
    EXPECT_NE(facts.type, "unknown");
    EXPECT_GT(facts.free.value, 0U);
    EXPECT_THAT(*disk.list(folder.path()), IsEmpty());
}

TEST(FolderProbe, AFolderWhereNothingCanBeMadeIsAProblem) {
    PosixDisk disk;
    const FolderFacts facts = probe_folder(disk, "/proc/self", "here");
    EXPECT_THAT(facts.problems, Not(IsEmpty()));
}

TEST(FolderProbe, AFolderThatIsNotThereIsAProblem) {
    const TemporaryDirectory folder;
    PosixDisk disk;
    EXPECT_THAT(probe_folder(disk, folder / "none", "here").problems, Not(IsEmpty()));
}

TEST(FolderProbe, EachOperationThatFailsIsFound) {
    const TemporaryDirectory folder;
    PosixDisk real;
    FaultyDisk counting(real);
    ASSERT_THAT(probe_folder(counting, folder.path(), "here").problems, IsEmpty());
    // Those of clean() change no finding.
    const std::uint64_t cleaning = 2;
    for (std::uint64_t i = 0; i + cleaning < counting.operations(); ++i) {
        FaultyDisk disk(real, Fault{.operation = i});
        EXPECT_THAT(probe_folder(disk, folder.path(), "here").problems, Not(IsEmpty()))
            << "operation " << i << " of " << counting.operations();
    }
    EXPECT_THAT(*real.list(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace xorch
