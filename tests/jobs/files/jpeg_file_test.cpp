#include "jobs/files/jpeg_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "jobs/files/file_bytes.h"
#include "jobs/files/image_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Left half red, right half blue: what JPEG keeps nearly as it is.
Picture two_halves() {
    Picture picture(32, 48, Colour{200, 10, 10});
    for (int y = 0; y < picture.height; ++y) {
        for (int x = picture.width / 2; x < picture.width; ++x) {
            picture.at(y, x) = {10, 10, 200};
        }
    }
    return picture;
}

class JpegFile : public testing::Test {
 protected:
    void SetUp() override { ASSERT_TRUE(write_jpeg(path_, two_halves())); }

    TemporaryDirectory folder_;
    const std::string path_ = folder_ / "photo.png";  // the name means nothing
};

TEST_F(JpegFile, IsKnownByItsContentAndKeepsRedFirst) {
    const auto raster = read_raster(path_);
    ASSERT_TRUE(raster) << raster.error().message;
    EXPECT_EQ(raster->height, 32);
    EXPECT_EQ(raster->width, 48);
    EXPECT_EQ(raster->channels, 3);
    EXPECT_NEAR(raster->at(8, 4, 0), 200, 6);
    EXPECT_NEAR(raster->at(8, 4, 2), 10, 6);
    EXPECT_NEAR(raster->at(8, 40, 2), 200, 6);
}

TEST_F(JpegFile, ThatIsCutBeforeItsSizeIsRefusedByName) {
    const auto bytes = read_bytes(path_);
    ASSERT_TRUE(bytes);
    for (const std::size_t length : {3U, 12U, 60U}) {
        ASSERT_TRUE(write_bytes(path_, {bytes->substr(0, length)}));
        const auto raster = read_raster(path_);
        ASSERT_FALSE(raster) << length;
        EXPECT_THAT(raster.error().message, HasSubstr(path_ + ": a damaged or truncated JPEG"));
    }
}

TEST_F(JpegFile, ThatClaimsALargeImageInFewBytesIsRefusedAtOnce) {
    auto bytes = read_bytes(path_);
    ASSERT_TRUE(bytes);
    const std::size_t frame = bytes->find("\xff\xc0");
    ASSERT_NE(frame, std::string::npos);
    bytes->replace(frame + 5, 4, "\xff\xff\xff\xff");
    const auto raster = read_jpeg(*bytes);
    ASSERT_FALSE(raster);
    EXPECT_THAT(raster.error().message, HasSubstr("an image of 12884508675 samples"));
}

}  // namespace
}  // namespace xorch
