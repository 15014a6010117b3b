#include "jobs/files/image_threads.h"

#include <gtest/gtest.h>

#include <opencv2/core/utility.hpp>

namespace xorch {
namespace {

TEST(ImageThreads, AreAsManyAsTheUnitHas) {
    set_image_threads(2);
    EXPECT_EQ(cv::getNumThreads(), 2);
    set_image_threads(1);
    EXPECT_EQ(cv::getNumThreads(), 1);
}

}  // namespace
}  // namespace xorch
