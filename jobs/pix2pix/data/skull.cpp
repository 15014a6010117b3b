#include "jobs/pix2pix/data/skull.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace xorch::pix2pix {

namespace {

// Places are in parts of a square around the picture, as the regions of the metrics are.
constexpr double side = made_width;
constexpr double top_border = (made_width - made_height) / 2.0;
constexpr int fraction_bits = 4;  // OpenCV draws with sixteenths of a pixel

class HeadFrame {
 public:
    explicit HeadFrame(const Head& head)
        : cosine_(std::cos(radians(head))), sine_(std::sin(radians(head))) {}

    // Turned around the ear, in pixels.
    Point at(double x, double y) const {
        const double dx = x - ear.x;
        const double dy = y - ear.y;
        return {
            .x = side * (ear.x + cosine_ * dx - sine_ * dy),
            .y = side * (ear.y + sine_ * dx + cosine_ * dy) - top_border};
    }

    Point at(const Point& point) const { return at(point.x, point.y); }

 private:
    static constexpr Point ear{.x = 0.44, .y = 0.46};

    // Three degrees a deviation; hard heads far more.
    static double radians(const Head& head) { return (head.is_hard ? 0.17 : 0.05) * head.tilt; }

    double cosine_;
    double sine_;
};

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

void fill(cv::Mat& to, const std::vector<cv::Point>& outline, const cv::Scalar& colour) {
    cv::fillPoly(to, std::vector{outline}, colour, cv::LINE_AA, fraction_bits);
}

void stroke(cv::Mat& to, const std::vector<cv::Point>& line, double brightness, int thickness) {
    cv::polylines(
        to, std::vector{line}, false, cv::Scalar(brightness), thickness, cv::LINE_AA, fraction_bits
    );
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

// The line of the face from forehead to throat, then the back of the head. `offset` has no part.
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

// Fixed to the film, not to the head: a network learns it first.
void draw_ruler(cv::Mat& xray) {
    constexpr int left = made_width - 18;
    cv::line(xray, {left + 12, 4}, {left + 12, 56}, cv::Scalar(210), 1);
    for (int tick = 0; tick <= 10; ++tick) {
        const int y = 6 + 5 * tick;
        cv::line(xray, {left + (tick % 5 == 0 ? 4 : 8), y}, {left + 12, y}, cv::Scalar(210), 1);
    }
}

void draw_jaws(cv::Mat& xray, const HeadFrame& frame, const Landmarks& places) {
    const Point& a = point_of(places, Landmark::a);
    const Point& b = point_of(places, Landmark::b);
    const Point& go = point_of(places, Landmark::go);
    const Point& gn = point_of(places, Landmark::gn);
    const Point condyle{.x = 0.45, .y = 0.46};
    fill(
        xray,
        fixed(
            frame,
            {
                go, {gn.x,        gn.y      },
                 b, {b.x - 0.01,  b.y - 0.05},
                 {go.x + 0.08, b.y - 0.05}
    }
        ),
        cv::Scalar(120)
    );
    stroke(
        xray,
        fixed(
            frame,
            {
                condyle, go, gn, b, {b.x - 0.005, b.y - 0.06}
    }
        ),
        215,
        3
    );
    fill(
        xray,
        fixed(
            frame,
            {
                {0.55, 0.46      },
                {0.70, 0.44      },
                a, {a.x,  a.y + 0.03},
                {0.56, 0.54      }
    }
        ),
        cv::Scalar(130)
    );
    stroke(
        xray,
        fixed(
            frame,
            {
                {0.70,        0.44      },
                a, {a.x + 0.005, a.y + 0.03}
    }
        ),
        220,
        2
    );
}

// Upper teeth hang from A, lower ones stand on B.
void draw_teeth(cv::Mat& xray, const HeadFrame& frame, const Landmarks& places) {
    const Point& a = point_of(places, Landmark::a);
    const Point& b = point_of(places, Landmark::b);
    for (int tooth = 0; tooth < 5; ++tooth) {
        const double back = 0.028 * tooth;
        stroke(
            xray,
            fixed(
                frame,
                {
                    {a.x - back, a.y + 0.025},
                    {a.x - back, a.y + 0.065}
        }
            ),
            235,
            2
        );
        stroke(
            xray,
            fixed(
                frame,
                {
                    {b.x + 0.01 - back, b.y - 0.07},
                    {b.x + 0.01 - back, b.y - 0.03}
        }
            ),
            235,
            2
        );
    }
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

cv::Scalar draw_colour(RandomStream& random, const cv::Scalar& mean, double spread) {
    const double brightness = spread * random.normal();
    cv::Scalar colour = mean;
    for (int i = 0; i < input_channels; ++i) {
        colour[i] = std::clamp(mean[i] + brightness + 4 * random.normal(), 0.0, 255.0);
    }
    return colour;
}

// Light from one side, of one strength.
void shade(cv::Mat& photo, RandomStream& random, bool is_hard) {
    const double strength = is_hard ? random.uniform(0.30, 0.50) : random.uniform(0.85, 1.1);
    const double slope = (is_hard ? 0.35 : 0.15) * random.normal();
    for (int y = 0; y < photo.rows; ++y) {
        std::uint8_t* row = photo.ptr<std::uint8_t>(y);
        for (int i = 0; i < photo.cols * input_channels; ++i) {
            const double across = static_cast<double>(i) / (photo.cols * input_channels) - 0.5;
            row[i] = cv::saturate_cast<std::uint8_t>(row[i] * (strength + slope * across));
        }
    }
}

}  // namespace

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

std::array<Grid<std::uint8_t>, input_channels> draw_photo(const Head& head, RandomStream& random) {
    const HeadFrame frame(head);
    cv::Mat photo(
        made_height, made_width, CV_8UC3, draw_colour(random, cv::Scalar(110, 120, 135), 35)
    );
    const cv::Scalar skin = draw_colour(random, cv::Scalar(205, 160, 130), 18);
    fill(photo, fixed(frame, profile_of(head)), skin);
    // Hair, an ear and an eye give the head a direction.
    const cv::Scalar hair = draw_colour(random, cv::Scalar(60, 45, 40), 15);
    fill(
        photo,
        fixed(
            frame,
            {
                {0.42, 0.07},
                {0.60, 0.10},
                {0.66, 0.17},
                {0.50, 0.24},
                {0.38, 0.44},
                {0.26, 0.62},
                {0.15, 0.45},
                {0.20, 0.18}
    }
        ),
        hair
    );
    fill(
        photo,
        fixed(
            frame,
            {
                {0.42, 0.42},
                {0.46, 0.41},
                {0.47, 0.47},
                {0.44, 0.53}
    }
        ),
        cv::Scalar(skin[0] * 0.8, skin[1] * 0.75, skin[2] * 0.75)
    );
    fill(
        photo,
        fixed(
            frame,
            {
                {0.66, 0.33},
                {0.70, 0.32},
                {0.70, 0.34}
    }
        ),
        cv::Scalar(40, 30, 30)
    );
    cv::GaussianBlur(photo, photo, cv::Size(), 1.0);
    shade(photo, random, head.is_hard);
    add_noise(photo, random, head.is_hard ? 9.0 : 3.0);
    return {take_channel(photo, 0), take_channel(photo, 1), take_channel(photo, 2)};
}

Grid<std::uint8_t> draw_xray(const Head& head, RandomStream& random) {
    const HeadFrame frame(head);
    const Landmarks places = places_of(head);
    cv::Mat xray(made_height, made_width, CV_8UC1, cv::Scalar(18));
    fill(xray, fixed(frame, profile_of(head)), cv::Scalar(60));
    std::vector<Point> vault;
    for (int step = 0; step < 40; ++step) {
        const double at = 2 * CV_PI * step / 40;
        vault.push_back({.x = 0.45 + 0.26 * std::cos(at), .y = 0.33 + 0.21 * std::sin(at)});
    }
    vault.push_back(vault.front());
    fill(xray, fixed(frame, vault), cv::Scalar(105));
    stroke(xray, fixed(frame, vault), 205, 4);
    // The base of the skull, from the nasal bone through the sella to the back.
    const Point& s = point_of(places, Landmark::s);
    const Point& n = point_of(places, Landmark::n);
    stroke(
        xray,
        fixed(
            frame,
            {
                n, {0.60, 0.35},
                 s, {0.43, 0.38},
                 {0.36, 0.50}
    }
        ),
        195,
        3
    );
    stroke(
        xray,
        fixed(
            frame,
            {
                n, {0.735, 0.37}
    }
        ),
        200,
        2
    );
    draw_jaws(xray, frame, places);
    draw_teeth(xray, frame, places);
    cv::GaussianBlur(xray, xray, cv::Size(), 1.1);
    for (const Point& place : places) {
        cv::circle(
            xray,
            fixed(frame.at(place)),
            2 << fraction_bits,
            cv::Scalar(255),
            cv::FILLED,
            cv::LINE_AA,
            fraction_bits
        );
    }
    cv::GaussianBlur(xray, xray, cv::Size(), 0.6);
    draw_ruler(xray);
    add_noise(xray, random, 2.0);
    return take_channel(xray, 0);
}

}  // namespace xorch::pix2pix
