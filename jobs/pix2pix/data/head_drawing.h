#pragma once

// How heads are drawn, for photo and X-ray alike: a frame that turns with the head, lines and areas
// in it by OpenCV, noise. Places are in parts of a square around the picture, as the regions of the
// metrics are. Seen by the two files that draw.

#include <array>
#include <vector>

#include "jobs/pix2pix/data/skull.h"

namespace cv {

class Mat;

}  // namespace cv

namespace xorch::pix2pix {

// Turned around the ear, in pixels.
class HeadFrame {
 public:
    explicit HeadFrame(const Head& head);

    Point at(const Point& point) const;

 private:
    double cosine_;
    double sine_;
};

// Red, green and blue; a picture of one channel takes the first.
using Ink = std::array<double, 3>;

Ink grey(double brightness);

void fill(cv::Mat& to, const HeadFrame& frame, const std::vector<Point>& outline, const Ink& ink);
void stroke(
    cv::Mat& to,
    const HeadFrame& frame,
    const std::vector<Point>& line,
    double brightness,
    int thickness
);

// White.
void dot(cv::Mat& to, const HeadFrame& frame, const Point& centre, int radius);

Landmarks places_of(const Head& head);

// The line of the face from forehead to throat, then the back of the head. `offset` has no part.
std::vector<Point> profile_of(const Head& head);

void add_noise(cv::Mat& image, RandomStream& random, double deviation);

Grid<std::uint8_t> take_channel(const cv::Mat& image, int channel);

}  // namespace xorch::pix2pix
