#include "core/io/descriptor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace xorch {
namespace {

rlimit files() {
    rlimit limit{};
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit;
}

TEST(DescriptorLimit, IsRaisedToWhatTheHardLimitAllowsAndSetBack) {
    const rlimit before = files();
    if (before.rlim_max < 128) GTEST_SKIP() << "may open only " << before.rlim_max << " files";
    set_descriptor_limit(100);
    EXPECT_EQ(files().rlim_cur, 100U);
    EXPECT_EQ(raise_descriptor_limit(), 100U);
    EXPECT_EQ(files().rlim_cur, before.rlim_max);
    set_descriptor_limit(before.rlim_cur);
    EXPECT_EQ(files().rlim_cur, before.rlim_cur);
}

}  // namespace
}  // namespace xorch
