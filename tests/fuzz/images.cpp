// TIFF, PNG, JPEG and NPY as images and as masks. The libraries behind the first three allocate
// what a header asks for.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "jobs/files/image_file.h"
#include "jobs/files/jpeg_file.h"
#include "jobs/files/npy_array.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temporary_directory.h"

namespace xorch::fuzz {

namespace {

const TemporaryDirectory& folder() {
    static const TemporaryDirectory made;
    return made;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<std::string> corpus() {
    Labels labels(6, 5);
    labels.at(1, 1) = labels.at(1, 2) = 7;
    labels.at(4, 3) = 9;
    const std::string tiff = folder() / "seed.tif";
    const std::string png = folder() / "seed.png";
    XORCH_CHECK(write_label_tiff(tiff, labels), "no seed");
    const Picture picture(4, 3, Colour{1, 2, 3});
    XORCH_CHECK(write_png(png, picture), "no seed");
    const std::string jpeg = folder() / "seed.jpg";
    XORCH_CHECK(write_jpeg(jpeg, picture), "no seed");
    return {
        bytes_of(tiff),
        bytes_of(png),
        bytes_of(jpeg),
        npy_header("<u2", {2, 3}) + std::string("\1\0\2\0\0\0\0\0\3\0\1\0", 12)};
}

std::size_t rounds() {
    return 3'000;
}

bool try_input(std::string_view bytes) {
    const std::string path = folder() / "input";
    std::ofstream(path, std::ios::binary) << bytes;
    const auto raster = read_raster(path);
    if (!raster) {
        XORCH_CHECK(raster.error().message.find(path) == 0, "an error without its file");
    }
    const auto mask = read_labels(path);
    XORCH_CHECK(!mask || raster, "a mask that is no image");
    return raster.has_value();
}

}  // namespace xorch::fuzz
