#include "jobs/files/png_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

namespace xorch {

namespace {

// OpenCV keeps blue first.
int stored_channel(int channel, int channels) {
    return channels >= 3 && channel < 3 ? 2 - channel : channel;
}

template <class T>
Raster take_samples(const cv::Mat& matrix) {
    const int stored = matrix.channels();
    Raster raster{
        .height = matrix.rows,
        .width = matrix.cols,
        .channels = stored == 4   ? 3
                    : stored == 2 ? 1
                                  : stored,
        .samples = {}};
    raster.samples.reserve(matrix.total() * static_cast<std::size_t>(raster.channels));
    for (int y = 0; y < matrix.rows; ++y) {
        const T* row = matrix.ptr<T>(y);
        for (int x = 0; x < matrix.cols; ++x) {
            for (int channel = 0; channel < raster.channels; ++channel) {
                raster.samples.push_back(
                    static_cast<double>(row[x * stored + stored_channel(channel, stored)])
                );
            }
        }
    }
    return raster;
}

// Four bytes, the highest first.
double size_at(const std::string& bytes, std::size_t at) {
    double size = 0.0;
    for (std::size_t i = at; i < at + 4; ++i) {
        size = 256.0 * size + static_cast<unsigned char>(bytes[i]);
    }
    return size;
}

// The first chunk has width, height, depth and kind of colour at fixed places. OpenCV would take
// memory for whatever they say.
Result<void> check_header(const std::string& bytes) {
    constexpr std::size_t width_at = 16;
    constexpr std::size_t height_at = 20;
    constexpr std::size_t kind_at = 25;
    if (bytes.size() <= kind_at) return fail(ErrorCode::corrupted, "a truncated PNG");
    const double channels = bytes[kind_at] == 0 ? 1 : 4;
    return check_raster_size(
        channels * size_at(bytes, width_at) * size_at(bytes, height_at), bytes.size()
    );
}

Result<void> write_matrix(const std::string& path, const cv::Mat& matrix) {
    try {
        if (cv::imwrite(path, matrix)) return {};
    } catch (const cv::Exception& error) {
        return fail(ErrorCode::unavailable, "writing " + path + ": " + error.what());
    }
    return fail(ErrorCode::unavailable, "writing " + path + " failed");
}

}  // namespace

Result<Raster> read_png(const std::string& bytes) {
    if (auto ok = check_header(bytes); !ok) return tl::unexpected(ok.error());
    try {
        const cv::Mat buffer(
            1,
            static_cast<int>(bytes.size()),
            CV_8UC1,
            // imdecode only reads; its argument type cannot say so.
            const_cast<char*>(bytes.data())
        );
        const cv::Mat matrix = cv::imdecode(buffer, cv::IMREAD_UNCHANGED);
        if (matrix.empty()) return fail(ErrorCode::corrupted, "a damaged or truncated PNG");
        if (matrix.depth() == CV_8U) return take_samples<std::uint8_t>(matrix);
        if (matrix.depth() == CV_16U) return take_samples<std::uint16_t>(matrix);
        return fail(
            ErrorCode::invalid_input, fmt::format("a PNG of an unknown depth {}", matrix.depth())
        );
    } catch (const cv::Exception& error) {
        return fail(ErrorCode::corrupted, std::string("a damaged PNG: ") + error.what());
    }
}

Result<void> write_png(const std::string& path, const Picture& picture) {
    cv::Mat matrix(picture.height, picture.width, CV_8UC3);
    for (int y = 0; y < picture.height; ++y) {
        std::uint8_t* row = matrix.ptr<std::uint8_t>(y);
        for (int x = 0; x < picture.width; ++x) {
            const Colour& colour = picture.at(y, x);
            row[3 * x] = colour.blue;
            row[3 * x + 1] = colour.green;
            row[3 * x + 2] = colour.red;
        }
    }
    return write_matrix(path, matrix);
}

Result<void> write_png16(const std::string& path, const Raster& raster) {
    cv::Mat matrix(raster.height, raster.width, CV_16UC3);
    for (int y = 0; y < raster.height; ++y) {
        std::uint16_t* row = matrix.ptr<std::uint16_t>(y);
        for (int x = 0; x < raster.width; ++x) {
            for (int channel = 0; channel < 3; ++channel) {
                const double value = std::clamp(raster.at(y, x, channel), 0.0, 65535.0);
                row[3 * x + stored_channel(channel, 3)] =
                    static_cast<std::uint16_t>(std::lround(value));
            }
        }
    }
    return write_matrix(path, matrix);
}

}  // namespace xorch
