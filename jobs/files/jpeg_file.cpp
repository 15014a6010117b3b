#include "jobs/files/jpeg_file.h"

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "jobs/files/file_bytes.h"

namespace xorch {

namespace {

constexpr int quality = 95;

std::size_t byte_at(const std::string& bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

std::size_t pair_at(const std::string& bytes, std::size_t at) {
    return 256 * byte_at(bytes, at) + byte_at(bytes, at + 1);
}

// A frame header: 0xC0 to 0xCF, without those for tables of codes.
bool starts_frame(std::size_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Walks over the segments before the first frame, which says the size: OpenCV would take memory for
// whatever it says.
Result<void> check_frame(const std::string& bytes) {
    constexpr std::size_t height_at = 5;  // from the marker; the width follows
    for (std::size_t at = 2; at + height_at + 4 <= bytes.size();) {
        if (byte_at(bytes, at) != 0xFF) break;
        const std::size_t marker = byte_at(bytes, at + 1);
        if (starts_frame(marker)) {
            const auto height = static_cast<double>(pair_at(bytes, at + height_at));
            const auto width = static_cast<double>(pair_at(bytes, at + height_at + 2));
            return check_raster_size(3 * height * width, bytes.size());
        }
        at += marker == 0xFF ? 1 : 2 + pair_at(bytes, at + 2);
    }
    return fail(ErrorCode::corrupted, "a damaged or truncated JPEG");
}

Raster take_samples(const cv::Mat& matrix) {
    Raster raster{.height = matrix.rows, .width = matrix.cols, .channels = 3, .samples = {}};
    raster.samples.reserve(3 * matrix.total());
    for (int y = 0; y < matrix.rows; ++y) {
        const auto* row = matrix.ptr<cv::Vec3b>(y);
        for (int x = 0; x < matrix.cols; ++x) {
            for (const int channel : {2, 1, 0}) {  // OpenCV keeps blue first
                raster.samples.push_back(row[x][channel]);
            }
        }
    }
    return raster;
}

}  // namespace

Result<Raster> read_jpeg(const std::string& bytes) {
    if (auto ok = check_frame(bytes); !ok) return tl::unexpected(ok.error());
    try {
        const cv::Mat buffer(
            1,
            static_cast<int>(bytes.size()),
            CV_8UC1,
            // imdecode only reads; its argument type cannot say so.
            const_cast<char*>(bytes.data())
        );
        const cv::Mat matrix =
            cv::imdecode(buffer, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
        if (matrix.empty()) return fail(ErrorCode::corrupted, "a damaged or truncated JPEG");
        return take_samples(matrix);
    } catch (const cv::Exception& error) {
        return fail(ErrorCode::corrupted, std::string("a damaged JPEG: ") + error.what());
    }
}

Result<void> write_jpeg(const std::string& path, const Picture& picture) {
    cv::Mat matrix(picture.height, picture.width, CV_8UC3);
    for (int y = 0; y < picture.height; ++y) {
        auto* row = matrix.ptr<cv::Vec3b>(y);
        for (int x = 0; x < picture.width; ++x) {
            const Colour& colour = picture.at(y, x);
            row[x] = {colour.blue, colour.green, colour.red};
        }
    }
    try {
        std::vector<std::uint8_t> bytes;
        // Not imwrite(): that goes by the ending of the path.
        if (cv::imencode(".jpg", matrix, bytes, {cv::IMWRITE_JPEG_QUALITY, quality})) {
            auto written = write_bytes(
                path,
                {
                    {reinterpret_cast<const char*>(bytes.data()), bytes.size()}
            }
            );
            if (!written) return fail_with_context(written.error(), path);
            return {};
        }
    } catch (const cv::Exception& error) {
        return fail(ErrorCode::unavailable, "writing " + path + ": " + error.what());
    }
    return fail(ErrorCode::unavailable, "writing " + path + " failed");
}

}  // namespace xorch
