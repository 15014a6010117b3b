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
    fill(
        xray,
        frame,
        {
            go, {gn.x,        gn.y      },
             b, {b.x - 0.01,  b.y - 0.05},
             {go.x + 0.08, b.y - 0.05}
    },
        grey(120)
    );
    stroke(
        xray,
        frame,
        {
            condyle, go, gn, b, {b.x - 0.005, b.y - 0.06}
    },
        215,
        3
    );
    fill(
        xray,
        frame,
        {
            {0.55, 0.46      },
            {0.70, 0.44      },
            a, {a.x,  a.y + 0.03},
            {0.56, 0.54      }
    },
        grey(130)
    );
    stroke(
        xray,
        frame,
        {
            {0.70,        0.44      },
            a, {a.x + 0.005, a.y + 0.03}
    },
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
            frame,
            {
                {a.x - back, a.y + 0.025},
                {a.x - back, a.y + 0.065}
        },
            235,
            2
        );
        stroke(
            xray,
            frame,
            {
                {b.x + 0.01 - back, b.y - 0.07},
                {b.x + 0.01 - back, b.y - 0.03}
        },
            235,
            2
        );
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
