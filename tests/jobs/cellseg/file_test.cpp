// Image files as they come: every format, wrong names, damage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiffio.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "jobs/files/image_file.h"
#include "jobs/files/npy_file.h"
#include "jobs/files/tiff_file.h"
#include "tests/jobs/cellseg/drawings.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

using testing::HasSubstr;

class CellsegFiles : public testing::Test {
 protected:
    std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

    void write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path(name), std::ios::binary) << bytes;
    }

    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TemporaryDirectory folder_;
};

struct TiffKind {
    std::uint16_t bits;
    std::uint16_t compression;
    bool tiled;
};

// Values 0, 1, 2 and the greatest that the samples hold, in a pattern over 40 x 24 pixels.
double pattern(int y, int x, std::uint16_t bits) {
    const double greatest = bits == 8 ? 255.0 : bits == 16 ? 65535.0 : 4294967295.0;
    const int kind = (y * 3 + x) % 4;
    return kind == 3 ? greatest : kind;
}

template <class T>
void write_pattern_tiff(const std::string& path, const TiffKind& kind) {
    constexpr int height = 40;
    constexpr int width = 24;
    TIFF* file = TIFFOpen(path.c_str(), "w");
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, kind.bits);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(file, TIFFTAG_COMPRESSION, kind.compression);
    if (kind.tiled) {
        TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
        TIFFSetField(file, TIFFTAG_TILELENGTH, 16);
        std::vector<T> tile(256);
        for (int top = 0; top < height; top += 16) {
            for (int left = 0; left < width; left += 16) {
                for (int i = 0; i < 256; ++i) {
                    tile[static_cast<std::size_t>(i)] =
                        static_cast<T>(pattern(top + i / 16, left + i % 16, kind.bits));
                }
                TIFFWriteTile(
                    file,
                    tile.data(),
                    static_cast<std::uint32_t>(left),
                    static_cast<std::uint32_t>(top),
                    0,
                    0
                );
            }
        }
    } else {
        TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, 7);
        std::vector<T> row(width);
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                row[static_cast<std::size_t>(x)] = static_cast<T>(pattern(y, x, kind.bits));
            }
            TIFFWriteScanline(file, row.data(), static_cast<std::uint32_t>(y), 0);
        }
    }
    TIFFClose(file);
}

constexpr std::uint16_t sample_bits[] = {8, 16, 32};
constexpr std::uint16_t compressions[] = {
    COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE};

TEST_F(CellsegFiles, TiffOfEveryKindKeepsEverySample) {
    for (const std::uint16_t bits : sample_bits) {
        for (const std::uint16_t compression : compressions) {
            for (const bool tiled : {false, true}) {
                const TiffKind kind{bits, compression, tiled};
                const std::string file = path("image.tif");
                if (bits == 8) write_pattern_tiff<std::uint8_t>(file, kind);
                if (bits == 16) write_pattern_tiff<std::uint16_t>(file, kind);
                if (bits == 32) write_pattern_tiff<std::uint32_t>(file, kind);
                const auto raster = read_raster(file);
                ASSERT_TRUE(raster) << raster.error().message;
                ASSERT_EQ(raster->height, 40);
                ASSERT_EQ(raster->width, 24);
                for (int y = 0; y < 40; ++y) {
                    for (int x = 0; x < 24; ++x) {
                        ASSERT_EQ(raster->at(y, x, 0), pattern(y, x, bits))
                            << bits << " bits, compression " << compression << ", tiled " << tiled;
                    }
                }
            }
        }
    }
}

TEST_F(CellsegFiles, LabelsOf16And32BitsAreRenumbered) {
    for (const std::uint16_t bits : {std::uint16_t{16}, std::uint16_t{32}}) {
        const TiffKind kind{bits, COMPRESSION_LZW, false};
        if (bits == 16) write_pattern_tiff<std::uint16_t>(path("mask.tif"), kind);
        if (bits == 32) write_pattern_tiff<std::uint32_t>(path("mask.tif"), kind);
        const auto mask = read_labels(path("mask.tif"));
        ASSERT_TRUE(mask) << mask.error().message;
        EXPECT_EQ(mask->cell_count, 3);
        EXPECT_EQ(mask->labels.at(0, 1), 1);
        EXPECT_EQ(mask->labels.at(0, 3), 3);
    }
    const cv::Mat png = (cv::Mat_<std::uint16_t>(2, 3) << 0, 60000, 60000, 300, 0, 60000);
    cv::imwrite(path("mask.png"), png);
    const auto mask = read_labels(path("mask.png"));
    ASSERT_TRUE(mask) << mask.error().message;
    EXPECT_EQ(mask->labels, draw({".11", "2.1"}));
}

TEST_F(CellsegFiles, WrittenLabelsComeBack) {
    const Labels labels = draw({"..11", "2211", "22.3"});
    ASSERT_TRUE(write_label_tiff(path("mask.tif"), labels));
    const auto mask = read_labels(path("mask.tif"));
    ASSERT_TRUE(mask) << mask.error().message;
    EXPECT_EQ(mask->labels, draw({"..11", "2211", "22.3"}));
}

TEST_F(CellsegFiles, ATiffNamedPngIsReadAsTiff) {
    write_pattern_tiff<std::uint8_t>(path("image.png"), {8, COMPRESSION_NONE, false});
    const auto planes = read_image(path("image.png"));
    ASSERT_TRUE(planes) << planes.error().message;
    EXPECT_EQ((*planes)[0].at(0, 3), 255.0F);
}

TEST_F(CellsegFiles, ColoursComeRedFirst) {
    const cv::Mat colour(2, 2, CV_8UC3, cv::Scalar(10, 20, 30));  // blue, green, red
    cv::imwrite(path("colour.png"), colour);
    const auto planes = read_image(path("colour.png"));
    ASSERT_TRUE(planes) << planes.error().message;
    ASSERT_EQ(planes->size(), 3U);
    EXPECT_EQ((*planes)[0].at(1, 1), 30.0F);
    EXPECT_EQ((*planes)[1].at(1, 1), 20.0F);
    EXPECT_EQ((*planes)[2].at(1, 1), 10.0F);
}

TEST_F(CellsegFiles, AColourMaskIsRefused) {
    cv::imwrite(path("mask.png"), cv::Mat(2, 2, CV_8UC3, cv::Scalar(1, 2, 3)));
    const auto mask = read_labels(path("mask.png"));
    ASSERT_FALSE(mask);
    EXPECT_THAT(mask.error().message, HasSubstr("mask.png: a mask with 3 channels"));
}

TEST_F(CellsegFiles, TruncatedFilesAreRefusedByName) {
    cv::imwrite(path("whole.png"), cv::Mat(64, 64, CV_8UC1, cv::Scalar(7)));
    write_pattern_tiff<std::uint16_t>(path("whole.tif"), {16, COMPRESSION_NONE, false});
    write("whole.npy", "\x93NUMPY");
    for (const std::string name : {"whole.png", "whole.tif", "whole.npy"}) {
        const std::string bytes = read(name);
        write("part_" + name, bytes.substr(0, bytes.size() / 2));
        const auto raster = read_raster(path("part_" + name));
        ASSERT_FALSE(raster) << name;
        EXPECT_THAT(raster.error().message, HasSubstr("part_" + name + ": "));
    }
    write("empty.png", "");
    EXPECT_THAT(read_raster(path("empty.png")).error().message, HasSubstr("an empty file"));
    EXPECT_THAT(read_raster(path("no.png")).error().message, HasSubstr("no such file"));
    write("text.png", "not an image at all");
    EXPECT_THAT(
        read_raster(path("text.png")).error().message, HasSubstr("neither PNG, JPEG, TIFF")
    );
}

// They would take gigabytes before the first missing sample is noticed.
TEST_F(CellsegFiles, ASmallFileThatClaimsALargeImageIsRefusedAtOnce) {
    cv::imwrite(path("large.png"), cv::Mat(64, 64, CV_8UC1, cv::Scalar(7)));
    std::string png = read("large.png");
    png.replace(16, 8, std::string("\0\0\x3a\x98\0\0\x3a\x98", 8));  // 15000 x 15000
    write("large.png", png);
    EXPECT_THAT(
        read_raster(path("large.png")).error().message,
        HasSubstr("large.png: an image of 225000000 samples in a file of ")
    );
    png[16] = 1;
    write("large.png", png);
    EXPECT_THAT(
        read_raster(path("large.png")).error().message, HasSubstr("large.png: an image of")
    );
    ASSERT_TRUE(write_label_tiff(path("large.tif"), Labels(64, 64)));
    std::string tiff = read("large.tif");
    // Width and height by their tags; both are 64 as a short number.
    for (const std::string& tag : {std::string("\0\1", 2), std::string("\1\1", 2)}) {
        const std::size_t entry = tiff.find(tag + std::string("\3\0\1\0\0\0\x40\0", 8));
        ASSERT_NE(entry, std::string::npos);
        tiff.replace(entry + 8, 2, "\x98\x3a");
    }
    write("large.tif", tiff);
    EXPECT_THAT(
        read_raster(path("large.tif")).error().message,
        HasSubstr("large.tif: an image of 225000000 samples in a file of ")
    );
}

// Cut anywhere, a file is an error or, past its last sample, an image; never a crash.
TEST_F(CellsegFiles, ATiffCutAnywhereNeverCrashes) {
    write_pattern_tiff<std::uint16_t>(path("whole.tif"), {16, COMPRESSION_LZW, false});
    const std::string bytes = read("whole.tif");
    int refused = 0;
    for (std::size_t length = 0; length < bytes.size(); length += 13) {
        write("part.tif", bytes.substr(0, length));
        if (!read_raster(path("part.tif"))) ++refused;
    }
    EXPECT_GT(refused, 0);
}

std::string npy(const std::string& type, const std::string& order, const std::string& shape) {
    std::string header =
        "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
    header.resize(117, ' ');
    header += '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
}

TEST(CellsegNpy, RowsAndColumnsComeInEitherOrder) {
    const std::string data("\x00\x00\x05\x00\x06\x00\x07\x00\x08\x00\x09\x00", 12);
    const auto rows = read_npy(npy("<u2", "False", "(2, 3)") + data);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->at(0, 1, 0), 5.0);
    EXPECT_EQ(rows->at(1, 0, 0), 7.0);
    const auto columns = read_npy(npy("<u2", "True", "(2, 3)") + data);
    ASSERT_TRUE(columns) << columns.error().message;
    EXPECT_EQ(columns->at(1, 0, 0), 5.0);
    EXPECT_EQ(columns->at(0, 1, 0), 6.0);
}

TEST(CellsegNpy, WhatIsNoImageIsRefused) {
    EXPECT_FALSE(read_npy(npy("<u2", "False", "(2, 3)") + "too short"));
    EXPECT_FALSE(read_npy(npy("<u2", "False", "(6,)") + std::string(12, '\0')));
    EXPECT_FALSE(read_npy(npy(">u2", "False", "(2, 3)") + std::string(12, '\0')));
    EXPECT_FALSE(read_npy(npy("<u2", "False", "(99999999999999, 3)")));
    EXPECT_FALSE(read_npy(std::string_view("\x93NUMPY\x01\x00\xff\xff", 10)));
}

}  // namespace
}  // namespace xorch::cellseg
