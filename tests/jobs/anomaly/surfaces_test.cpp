// Classes out of pictures of surfaces: made ones, and real ones where they are.

#include "jobs/anomaly/data/surfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "jobs/anomaly/data/class_folder.h"
#include "jobs/anomaly/data/class_images.h"
#include "jobs/files/image_file.h"
#include "jobs/files/png_file.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

// Stripes that are as wide as bright, brighter in the right half.
Picture stripes() {
    Picture picture(320, 400);
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const double wave = std::sin(x / 2.0);
            const auto value = static_cast<std::uint8_t>(100 + 40 * wave + (x < 200 ? 0 : 60));
            picture.at(y, x) = {value, value, value};
        }
    }
    return picture;
}

double mean_of(const Raster& raster) {
    double sum = 0;
    for (const double sample : raster.samples) {
        sum += sample;
    }
    return sum / static_cast<double>(raster.samples.size());
}

TEST(AnomalySurfaces, TrainOnOneHalfOfAPictureAndTestOnTheOther) {
    const TemporaryDirectory folder;
    ASSERT_TRUE(write_png(folder / "stripes.png", stripes()));
    ASSERT_TRUE(make_surfaces(folder / "made", 1, {folder.path(), {"stripes"}}));
    const auto files = list_class(folder / "made", "surfaces", "stripes");
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->layout, "mvtec");
    EXPECT_EQ(files->train.size(), 4U);
    EXPECT_EQ(files->test.size(), 20U);
    for (const ImageFile& file : files->train) {
        EXPECT_LT(mean_of(*read_raster(file.path)), 120);
    }
    for (const ImageFile& file : files->test) {
        EXPECT_GT(mean_of(*read_raster(file.path)), 130);
        EXPECT_TRUE(load_mask(file, 120)) << file.name;
    }
}

TEST(AnomalySurfaces, ThatAreMissingOrTooSmallAreRefusedByName) {
    const TemporaryDirectory folder;
    const auto error_of = [&](const char* name) {
        return make_surfaces(folder / "made", 1, {folder.path(), {name}}).error().message;
    };
    EXPECT_THAT(error_of("none"), HasSubstr("no picture none"));
    ASSERT_TRUE(write_png(folder / "small.png", Picture(299, 400)));
    EXPECT_THAT(error_of("small"), HasSubstr("small.png: smaller than 300 x 300 pixels"));
}

TEST(AnomalySurfaces, OfRealPicturesAreMade) {
    const char* const named = std::getenv("XORCH_SURFACES");
    const std::string pictures =
        named == nullptr ? "/usr/lib/python3/dist-packages/skimage/data" : named;
    if (!std::filesystem::exists(pictures + "/brick.png")) {
        GTEST_SKIP() << pictures << " has no brick.png: python3-skimage is not installed";
    }
    const TemporaryDirectory folder;
    const auto made = make_surfaces(
        folder.path(),
        1,
        {
            pictures, {"brick", "grass", "gravel"}
    }
    );
    ASSERT_TRUE(made) << made.error().message;
    for (const char* name : {"brick", "grass", "gravel"}) {
        const auto files = list_class(folder.path(), "surfaces", name);
        ASSERT_TRUE(files) << files.error().message;
        for (const ImageFile& file : files->test) {
            EXPECT_TRUE(load_mask(file, 256)) << file.name;
        }
    }
}

}  // namespace
}  // namespace xorch::anomaly
