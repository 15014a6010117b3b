#include "jobs/anomaly/data/class_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "jobs/files/png_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

class AnomalyImages : public testing::Test {
 protected:
    std::string write(const std::string& name, const Picture& picture) const {
        EXPECT_TRUE(write_png(folder_ / name, picture));
        return folder_ / name;
    }

    TemporaryDirectory folder_;
};

TEST_F(AnomalyImages, HaveTheirChannelsInTheOrderAskedFor) {
    const std::string path = write("red.png", Picture(8, 8, {255, 128, 0}));
    const auto rgb = load_image(path, {.side = 4});
    const auto bgr = load_image(path, {.order = ChannelOrder::bgr, .side = 4});
    ASSERT_TRUE(rgb && bgr);
    EXPECT_EQ(rgb->size(), 3U);
    EXPECT_EQ((*rgb)[0].height, 4);
    EXPECT_NEAR((*rgb)[0].at(1, 1), (1 - 0.48145466) / 0.26862954, 1e-5);
    EXPECT_NEAR((*rgb)[1].at(1, 1), (128.0 / 255 - 0.4578275) / 0.26130258, 1e-5);
    EXPECT_NEAR((*rgb)[2].at(1, 1), (0 - 0.40821073) / 0.27577711, 1e-5);
    EXPECT_EQ((*bgr)[0], (*rgb)[2]);
    EXPECT_EQ((*bgr)[2], (*rgb)[0]);
}

TEST_F(AnomalyImages, MayPassThroughAnotherSizeFirst) {
    Picture picture(6, 6);
    picture.at(2, 3) = {255, 255, 255};
    const std::string path = write("dot.png", picture);
    const auto direct = load_image(path, {.side = 6});
    const auto through = load_image(path, {.first_side = 3, .side = 6});
    ASSERT_TRUE(direct && through);
    EXPECT_GT((*direct)[0].at(2, 3), (*through)[0].at(2, 3));
}

TEST_F(AnomalyImages, HaveMasksOfWhateverIsNotBlack) {
    Picture picture(4, 4);
    picture.at(0, 0) = {1, 0, 0};
    picture.at(3, 3) = {0, 0, 255};
    const ImageFile file{
        .name = "x", .path = "x", .mask = write("mask.png", picture), .abnormal = true};
    const auto mask = load_mask(file, 8);
    ASSERT_TRUE(mask);
    int abnormal = 0;
    for (const std::uint8_t value : mask->values) {
        abnormal += value;
    }
    EXPECT_EQ(abnormal, 8);
    EXPECT_EQ(mask->at(1, 1), 1);
    EXPECT_EQ(mask->at(2, 2), 0);
    EXPECT_EQ(mask->at(6, 7), 1);
    EXPECT_EQ(load_mask({.name = "x", .path = "x"}, 8).value(), TruthMask(8, 8));
}

TEST_F(AnomalyImages, WithAnEmptyMaskAreRefusedByName) {
    const ImageFile file{
        .name = "x", .path = "x", .mask = write("mask.png", Picture(4, 4)), .abnormal = true};
    EXPECT_THAT(load_mask(file, 8).error().message, HasSubstr("mask.png: an abnormal image whose"));
}

TEST_F(AnomalyImages, ThatAreNoImagesAreRefusedByName) {
    std::ofstream(folder_ / "text.png") << "no image";
    EXPECT_THAT(
        load_image(folder_ / "text.png", {.side = 4}).error().message,
        HasSubstr("text.png: neither")
    );
}

}  // namespace
}  // namespace xorch::anomaly
