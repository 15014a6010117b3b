#include "jobs/pix2pix/data/letterbox.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace xorch::pix2pix {

namespace {

constexpr double byte_max = 255.0;
constexpr double byte_of_16_bits = 257.0;  // 65535 / 255
constexpr std::array<double, 3> luminance{0.299, 0.587, 0.114};

int round_half_up(double value) {
    return static_cast<int>(std::floor(value + 0.5));
}

double sample(const Raster& image, int y, int x, int channel, int channels) {
    if (image.channels == 1) return image.at(y, x, 0);
    if (channels > 1) return image.at(y, x, std::min(channel, image.channels - 1));
    double grey = 0;
    for (int i = 0; i < 3; ++i) {
        grey += luminance[static_cast<std::size_t>(i)] *
                image.at(y, x, std::min(i, image.channels - 1));
    }
    return grey;
}

}  // namespace

Letterbox fit_letterbox(ImageSize image, int side) {
    Letterbox box;
    box.scale = static_cast<double>(side) / std::max(image.width, image.height);
    box.width = std::clamp(round_half_up(image.width * box.scale), 1, side);
    box.height = std::clamp(round_half_up(image.height * box.scale), 1, side);
    box.left = (side - box.width) / 2;
    box.top = (side - box.height) / 2;
    return box;
}

Landmarks to_canvas(const Landmarks& landmarks, ImageSize image, int side) {
    const Letterbox box = fit_letterbox(image, side);
    Landmarks moved = landmarks;
    for (Point& point : moved) {
        point.x = (box.left + point.x * box.width / image.width) / side;
        point.y = (box.top + point.y * box.height / image.height) / side;
    }
    return moved;
}

std::vector<std::uint8_t> letterbox_image(const Raster& image, int channels, int side) {
    const Letterbox box = fit_letterbox({.width = image.width, .height = image.height}, side);
    const auto length = static_cast<std::size_t>(side);
    std::vector<std::uint8_t> canvas(static_cast<std::size_t>(channels) * length * length);
    const double most = *std::max_element(image.samples.begin(), image.samples.end());
    const double scale = most > byte_max ? 1.0 / byte_of_16_bits : 1.0;
    cv::Mat plane(image.height, image.width, CV_32F);
    cv::Mat content;
    for (int channel = 0; channel < channels; ++channel) {
        for (int y = 0; y < image.height; ++y) {
            for (int x = 0; x < image.width; ++x) {
                plane.at<float>(y, x) =
                    static_cast<float>(scale * sample(image, y, x, channel, channels));
            }
        }
        cv::resize(plane, content, cv::Size(box.width, box.height), 0, 0, cv::INTER_AREA);
        for (int y = 0; y < box.height; ++y) {
            for (int x = 0; x < box.width; ++x) {
                const std::size_t row = static_cast<std::size_t>(channel) * length +
                                        static_cast<std::size_t>(box.top + y);
                canvas[row * length + static_cast<std::size_t>(box.left + x)] =
                    cv::saturate_cast<std::uint8_t>(content.at<float>(y, x));
            }
        }
    }
    return canvas;
}

}  // namespace xorch::pix2pix
