#include "jobs/anomaly/score/maps.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace xorch::anomaly {

namespace {

constexpr double blur_ends_at = 4;  // sigmas

// OpenCV only reads it; its type cannot say so.
cv::Mat matrix_of(const Plane& plane) {
    return {plane.height, plane.width, CV_32FC1, const_cast<float*>(plane.values.data())};
}

}  // namespace

Plane enlarge(const Plane& map, int side) {
    Plane large(side, side);
    cv::Mat to = matrix_of(large);
    cv::resize(matrix_of(map), to, to.size(), 0, 0, cv::INTER_LINEAR);
    return large;
}

Plane blur(const Plane& map, double sigma) {
    const int radius = static_cast<int>(blur_ends_at * sigma + 0.5);
    const cv::Mat kernel = cv::getGaussianKernel(2 * radius + 1, sigma, CV_32F);
    Plane blurred(map.height, map.width);
    cv::Mat to = matrix_of(blurred);
    cv::sepFilter2D(
        matrix_of(map), to, CV_32F, kernel, kernel, cv::Point(-1, -1), 0, cv::BORDER_REFLECT
    );
    return blurred;
}

Plane to_pixels(const Plane& map, PixelMaps how) {
    Plane large = enlarge(map, how.resolution);
    return how.sigma > 0 ? blur(large, how.sigma) : large;
}

}  // namespace xorch::anomaly
