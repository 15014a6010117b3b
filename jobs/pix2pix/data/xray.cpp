#include <cmath>
#include <opencv2/imgproc.hpp>

#include "jobs/pix2pix/data/head_drawing.h"

namespace xorch::pix2pix {

namespace {

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
    const Point behind_b{.x = b.x - 0.01, .y = b.y - 0.05};
    const Point behind_go{.x = go.x + 0.08, .y = b.y - 0.05};
    const Point above_b{.x = b.x - 0.005, .y = b.y - 0.06};
    fill(xray, frame, {go, gn, b, behind_b, behind_go}, grey(120));
    stroke(xray, frame, {condyle, go, gn, b, above_b}, 215, 3);
    const Point palate{.x = 0.55, .y = 0.46};
    const Point spine{.x = 0.70, .y = 0.44};
    const Point below_a{.x = a.x, .y = a.y + 0.03};
    const Point before_a{.x = a.x + 0.005, .y = a.y + 0.03};
    const Point palate_end{.x = 0.56, .y = 0.54};
    fill(xray, frame, {palate, spine, a, below_a, palate_end}, grey(130));
    stroke(xray, frame, {spine, a, before_a}, 220, 2);
}

// Upper teeth hang from A, lower ones stand on B.
void draw_teeth(cv::Mat& xray, const HeadFrame& frame, const Landmarks& places) {
    const Point& a = point_of(places, Landmark::a);
    const Point& b = point_of(places, Landmark::b);
    for (int tooth = 0; tooth < 5; ++tooth) {
        const double back = 0.028 * tooth;
        const Point upper_root{.x = a.x - back, .y = a.y + 0.025};
        const Point upper_edge{.x = a.x - back, .y = a.y + 0.065};
        stroke(xray, frame, {upper_root, upper_edge}, 235, 2);
        const Point lower_edge{.x = b.x + 0.01 - back, .y = b.y - 0.07};
        const Point lower_root{.x = b.x + 0.01 - back, .y = b.y - 0.03};
        stroke(xray, frame, {lower_edge, lower_root}, 235, 2);
    }
}

}  // namespace

Grid<std::uint8_t> draw_xray(const Head& head, RandomStream& random) {
    const HeadFrame frame(head);
    const Landmarks places = places_of(head);
    cv::Mat xray(made_height, made_width, CV_8UC1, cv::Scalar(18));
    fill(xray, frame, profile_of(head), grey(60));
    std::vector<Point> vault;
    for (int step = 0; step < 40; ++step) {
        const double at = 2 * CV_PI * step / 40;
        vault.push_back({.x = 0.45 + 0.26 * std::cos(at), .y = 0.33 + 0.21 * std::sin(at)});
    }
    vault.push_back(vault.front());
    fill(xray, frame, vault, grey(105));
    stroke(xray, frame, vault, 205, 4);
    // The base of the skull, from the nasal bone through the sella to the back.
    const Point& s = point_of(places, Landmark::s);
    const Point& n = point_of(places, Landmark::n);
    stroke(
        xray,
        frame,
        {
            n, {0.60, 0.35},
             s, {0.43, 0.38},
             {0.36, 0.50}
    },
        195,
        3
    );
    stroke(
        xray,
        frame,
        {
            n, {0.735, 0.37}
    },
        200,
        2
    );
    draw_jaws(xray, frame, places);
    draw_teeth(xray, frame, places);
    cv::GaussianBlur(xray, xray, cv::Size(), 1.1);
    for (const Point& place : places) {
        dot(xray, frame, place, 2);
    }
    cv::GaussianBlur(xray, xray, cv::Size(), 0.6);
    draw_ruler(xray);
    add_noise(xray, random, 2.0);
    return take_channel(xray, 0);
}

}  // namespace xorch::pix2pix
