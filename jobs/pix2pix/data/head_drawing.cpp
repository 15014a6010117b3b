#include "jobs/pix2pix/data/head_drawing.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace xorch::pix2pix {

namespace {

constexpr double side = made_width;
constexpr double top_border = (made_width - made_height) / 2.0;
constexpr Point ear{.x = 0.44, .y = 0.46};

// Three degrees a deviation; hard heads far more.
double radians(const Head& head) {
    return (head.is_hard ? 0.17 : 0.05) * head.tilt;
}

constexpr int fraction_bits = 4;  // OpenCV draws with sixteenths of a pixel

cv::Point fixed(const Point& point) {
    constexpr double scale = 1 << fraction_bits;
    return {
        static_cast<int>(std::lround(point.x * scale)),
        static_cast<int>(std::lround(point.y * scale))};
}

std::vector<cv::Point> fixed(const HeadFrame& frame, const std::vector<Point>& points) {
    std::vector<cv::Point> out;
    out.reserve(points.size());
    for (const Point& point : points) {
        out.push_back(fixed(frame.at(point)));
    }
    return out;
}

}  // namespace

HeadFrame::HeadFrame(const Head& head)
    : cosine_(std::cos(radians(head))), sine_(std::sin(radians(head))) {}

Point HeadFrame::at(const Point& point) const {
    const double dx = point.x - ear.x;
    const double dy = point.y - ear.y;
    return {
        .x = side * (ear.x + cosine_ * dx - sine_ * dy),
        .y = side * (ear.y + sine_ * dx + cosine_ * dy) - top_border};
}

Ink grey(double brightness) {
    return {brightness, brightness, brightness};
}

void fill(cv::Mat& to, const HeadFrame& frame, const std::vector<Point>& outline, const Ink& ink) {
    const cv::Scalar colour(ink[0], ink[1], ink[2]);
    cv::fillPoly(to, std::vector{fixed(frame, outline)}, colour, cv::LINE_AA, fraction_bits);
}

void stroke(
    cv::Mat& to,
    const HeadFrame& frame,
    const std::vector<Point>& line,
    double brightness,
    int thickness
) {
    const cv::Scalar colour(brightness);
    const std::vector lines{fixed(frame, line)};
    cv::polylines(to, lines, false, colour, thickness, cv::LINE_AA, fraction_bits);
}

void dot(cv::Mat& to, const HeadFrame& frame, const Point& centre, int radius) {
    const cv::Scalar white(255);
    const int size = radius << fraction_bits;
    cv::circle(to, fixed(frame.at(centre)), size, white, cv::FILLED, cv::LINE_AA, fraction_bits);
}

Landmarks places_of(const Head& head) {
    const double jaw = 0.015 * head.jaw;
    const double drop = 0.015 * head.angle;
    return {
        Point{0.46,                                         0.34       },
        Point{0.70,                                         0.28       },
        Point{0.72 + 0.012 * head.maxilla + head.offset,    0.53       },
        Point{0.68 + jaw + 0.012 * head.chin - head.offset, 0.67 + drop},
        Point{0.44 - 0.3 * jaw,                             0.67 - drop},
        Point{0.64 + jaw + 0.012 * head.chin,               0.79 + drop}
    };
}

std::vector<Point> profile_of(const Head& head) {
    const double jaw = 0.015 * head.jaw;
    const double drop = 0.015 * head.angle;
    const double nose = 0.02 * head.nose;
    const double lip = 0.012 * head.maxilla;
    const double chin = jaw + 0.012 * head.chin;
    return {
        {0.42,               0.09       },
        {0.60,               0.12       },
        {0.71,               0.20       },
        {0.725,              0.28       },
        {0.76 + 0.5 * nose,  0.38       },
        {0.82 + nose,        0.45       },
        {0.765 + lip,        0.485      },
        {0.785 + lip,        0.55       },
        {0.755,              0.60       },
        {0.765 + 0.5 * chin, 0.645      },
        {0.735 + chin,       0.70 + drop},
        {0.72 + chin,        0.79 + drop},
        {0.66 + chin,        0.84 + drop},
        {0.55,               0.83       },
        {0.53,               1.02       },
        {0.24,               1.02       },
        {0.25,               0.70       },
        {0.17,               0.45       },
        {0.22,               0.20       }
    };
}

// Sums of four bytes are bell-shaped enough, and ten times as fast as normal().
void add_noise(cv::Mat& image, RandomStream& random, double deviation) {
    constexpr double bytes_mean = 4 * 127.5;
    constexpr double bytes_deviation = 147.8;
    for (int y = 0; y < image.rows; ++y) {
        std::uint8_t* row = image.ptr<std::uint8_t>(y);
        for (int i = 0; i < image.cols * image.channels(); ++i) {
            const std::uint32_t bits = random.bits32();
            const std::uint32_t sum =
                (bits & 255U) + ((bits >> 8U) & 255U) + ((bits >> 16U) & 255U) + (bits >> 24U);
            row[i] = cv::saturate_cast<std::uint8_t>(
                row[i] + deviation * (sum - bytes_mean) / bytes_deviation
            );
        }
    }
}

Grid<std::uint8_t> take_channel(const cv::Mat& image, int channel) {
    Grid<std::uint8_t> grid(image.rows, image.cols);
    for (int y = 0; y < image.rows; ++y) {
        const std::uint8_t* row = image.ptr<std::uint8_t>(y);
        for (int x = 0; x < image.cols; ++x) {
            grid.at(y, x) = row[x * image.channels() + channel];
        }
    }
    return grid;
}

Head draw_head(RandomStream& random, bool is_hard) {
    const auto bounded = [&] { return std::clamp(random.normal(), -2.5, 2.5); };
    Head head{
        .jaw = bounded(),
        .angle = bounded(),
        .nose = bounded(),
        .maxilla = bounded(),
        .chin = bounded(),
        .tilt = bounded(),
        .offset = 0.04 * bounded(),
        .is_hard = is_hard};
    if (is_hard) head.tilt = (head.tilt < 0 ? -1 : 1) * (1.5 + 0.3 * std::abs(head.tilt));
    return head;
}

Landmarks landmarks_of(const Head& head) {
    const HeadFrame frame(head);
    Landmarks landmarks = places_of(head);
    for (Point& point : landmarks) {
        point = frame.at(point);
    }
    return landmarks;
}

}  // namespace xorch::pix2pix
