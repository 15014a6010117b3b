#include "jobs/files/tiff_file.h"

#include <fmt/core.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace xorch {

namespace {

struct CloseTiff {
    void operator()(TIFF* file) const { TIFFClose(file); }
};

using TiffHandle = std::unique_ptr<TIFF, CloseTiff>;

// libtiff speaks through callbacks; the last message is the reason.
int keep_message(TIFF*, void* kept, const char*, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    *static_cast<std::string*>(kept) = text;
    return 1;
}

int drop_message(TIFF*, void*, const char*, const char*, va_list) {
    return 1;
}

TiffHandle open_tiff(const std::string& path, const char* mode, std::string& message) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_message, &message);
    TIFFOpenOptionsSetWarningHandlerExtR(options, drop_message, nullptr);
    TiffHandle file(TIFFOpenExt(path.c_str(), mode, options));
    TIFFOpenOptionsFree(options);
    return file;
}

template <class T>
double sample_as(const std::uint8_t* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return static_cast<double>(value);
}

using ReadSample = double (*)(const std::uint8_t*);

ReadSample find_reader(std::uint16_t format, std::uint16_t bits) {
    if (format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID) {
        if (bits == 8) return sample_as<std::uint8_t>;
        if (bits == 16) return sample_as<std::uint16_t>;
        if (bits == 32) return sample_as<std::uint32_t>;
    }
    if (format == SAMPLEFORMAT_INT) {
        if (bits == 8) return sample_as<std::int8_t>;
        if (bits == 16) return sample_as<std::int16_t>;
        if (bits == 32) return sample_as<std::int32_t>;
    }
    if (format == SAMPLEFORMAT_IEEEFP) {
        if (bits == 32) return sample_as<float>;
        if (bits == 64) return sample_as<double>;
    }
    return nullptr;
}

// One strip or tile as it lies in the image. Strips are blocks as wide as the image.
struct Block {
    std::uint32_t top = 0;
    std::uint32_t left = 0;
    std::uint32_t height = 0;
    std::uint32_t width = 0;  // of a row of the block in memory
    std::uint16_t plane = 0;  // of separate planes; else 0
};

class TiffReader {
 public:
    TiffReader(TIFF* file, std::uintmax_t file_bytes, const std::string& message)
        : file_(file), file_bytes_(file_bytes), message_(message) {}

    Result<Raster> read() {
        if (auto ok = read_header(); !ok) return tl::unexpected(ok.error());
        raster_.height = static_cast<int>(height_);
        raster_.width = static_cast<int>(width_);
        raster_.channels = samples_;
        raster_.samples.resize(std::size_t{height_} * width_ * samples_);
        const bool tiled = TIFFIsTiled(file_) != 0;
        const std::uint16_t planes = separate_ ? samples_ : std::uint16_t{1};
        for (std::uint16_t plane = 0; plane < planes; ++plane) {
            auto ok = tiled ? read_tiles(plane) : read_strips(plane);
            if (!ok) return tl::unexpected(ok.error());
        }
        return std::move(raster_);
    }

 private:
    Result<void> read_header() {
        std::uint16_t format = SAMPLEFORMAT_UINT;
        std::uint16_t bits = 1;
        std::uint16_t planar = PLANARCONFIG_CONTIG;
        if (TIFFGetField(file_, TIFFTAG_IMAGEWIDTH, &width_) != 1 ||
            TIFFGetField(file_, TIFFTAG_IMAGELENGTH, &height_) != 1) {
            return fail(ErrorCode::invalid_input, "a TIFF without a size");
        }
        TIFFGetFieldDefaulted(file_, TIFFTAG_SAMPLESPERPIXEL, &samples_);
        TIFFGetFieldDefaulted(file_, TIFFTAG_BITSPERSAMPLE, &bits);
        TIFFGetFieldDefaulted(file_, TIFFTAG_SAMPLEFORMAT, &format);
        TIFFGetFieldDefaulted(file_, TIFFTAG_PLANARCONFIG, &planar);
        const double all = static_cast<double>(width_) * height_ * samples_;
        if (auto ok = check_raster_size(all, file_bytes_); !ok) return ok;
        separate_ = planar == PLANARCONFIG_SEPARATE;
        sample_bytes_ = bits / 8U;
        read_sample_ = find_reader(format, bits);
        if (read_sample_ == nullptr) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("a TIFF with samples of {} bits, format {}", bits, format)
            );
        }
        return {};
    }

    Result<void> read_strips(std::uint16_t plane) {
        std::uint32_t rows = height_;
        TIFFGetFieldDefaulted(file_, TIFFTAG_ROWSPERSTRIP, &rows);
        rows = std::clamp(rows, std::uint32_t{1}, height_);
        for (std::uint32_t top = 0; top < height_; top += rows) {
            const Block block{
                .top = top,
                .left = 0,
                .height = std::min(rows, height_ - top),
                .width = width_,
                .plane = plane};
            const std::size_t size = block_bytes(block);
            bytes_.resize(size);
            const std::uint32_t strip = TIFFComputeStrip(file_, top, plane);
            const tmsize_t got =
                TIFFReadEncodedStrip(file_, strip, bytes_.data(), static_cast<tmsize_t>(size));
            if (got != static_cast<tmsize_t>(size)) return fail_to_read();
            place(block);
        }
        return {};
    }

    Result<void> read_tiles(std::uint16_t plane) {
        std::uint32_t width = 0;
        std::uint32_t height = 0;
        if (TIFFGetField(file_, TIFFTAG_TILEWIDTH, &width) != 1 ||
            TIFFGetField(file_, TIFFTAG_TILELENGTH, &height) != 1 || width == 0 || height == 0) {
            return fail(ErrorCode::invalid_input, "a tiled TIFF without a size of its tiles");
        }
        if (static_cast<double>(width) * height * samples_ > raster_samples_max) {
            return fail(ErrorCode::invalid_input, "a TIFF with tiles of impossible size");
        }
        for (std::uint32_t top = 0; top < height_; top += height) {
            for (std::uint32_t left = 0; left < width_; left += width) {
                const Block block{
                    .top = top, .left = left, .height = height, .width = width, .plane = plane};
                bytes_.resize(block_bytes(block));
                const tmsize_t got = TIFFReadTile(file_, bytes_.data(), left, top, 0, plane);
                if (got != static_cast<tmsize_t>(bytes_.size())) return fail_to_read();
                place(block);
            }
        }
        return {};
    }

    std::size_t samples_per_pixel() const { return separate_ ? 1U : samples_; }

    std::size_t block_bytes(const Block& block) const {
        return std::size_t{block.height} * block.width * samples_per_pixel() * sample_bytes_;
    }

    void place(const Block& block) {
        const std::uint32_t rows = std::min(block.height, height_ - block.top);
        const std::uint32_t columns = std::min(block.width, width_ - block.left);
        const std::size_t per_pixel = samples_per_pixel();
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < columns; ++x) {
                const std::size_t from = (y * block.width + x) * per_pixel * sample_bytes_;
                const std::size_t pixel = (block.top + y) * width_ + block.left + x;
                double* to = &raster_.samples[pixel * samples_ + block.plane];
                for (std::size_t sample = 0; sample < per_pixel; ++sample) {
                    to[sample] = read_sample_(&bytes_[from + sample * sample_bytes_]);
                }
            }
        }
    }

    Result<void> fail_to_read() const {
        return fail(ErrorCode::corrupted, "a damaged or truncated TIFF: " + message_);
    }

    TIFF* file_;
    std::uintmax_t file_bytes_;
    const std::string& message_;
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::uint16_t samples_ = 1;
    bool separate_ = false;
    std::size_t sample_bytes_ = 1;
    ReadSample read_sample_ = nullptr;
    std::vector<std::uint8_t> bytes_;
    Raster raster_;
};

}  // namespace

Result<Raster> read_tiff(const std::string& path) {
    std::string message = "it cannot be opened";
    const TiffHandle file = open_tiff(path, "rm", message);
    if (!file) return fail(ErrorCode::corrupted, "a damaged or truncated TIFF: " + message);
    std::error_code error;
    const std::uintmax_t file_bytes = std::filesystem::file_size(path, error);
    if (error) return fail_from_errno("its size", error.value());
    return TiffReader(file.get(), file_bytes, message).read();
}

Result<void> write_label_tiff(const std::string& path, const Labels& labels) {
    std::string message = "it cannot be written";
    TiffHandle file = open_tiff(path, "w", message);
    if (!file) return fail(ErrorCode::unavailable, "writing " + path + ": " + message);
    TIFFSetField(file.get(), TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(labels.width));
    TIFFSetField(file.get(), TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(labels.height));
    TIFFSetField(file.get(), TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file.get(), TIFFTAG_BITSPERSAMPLE, 32);
    TIFFSetField(file.get(), TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    TIFFSetField(file.get(), TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(file.get(), TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(file.get(), TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(file.get(), TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(labels.height));
    std::vector<std::uint32_t> row(static_cast<std::size_t>(labels.width));
    for (int y = 0; y < labels.height; ++y) {
        for (int x = 0; x < labels.width; ++x) {
            row[static_cast<std::size_t>(x)] = static_cast<std::uint32_t>(labels.at(y, x));
        }
        if (TIFFWriteScanline(file.get(), row.data(), static_cast<std::uint32_t>(y), 0) != 1) {
            return fail(ErrorCode::unavailable, "writing " + path + ": " + message);
        }
    }
    if (TIFFFlush(file.get()) != 1) {
        return fail(ErrorCode::unavailable, "writing " + path + ": " + message);
    }
    return {};
}

}  // namespace xorch
