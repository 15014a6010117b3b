#pragma once

// Six points of a lateral skull image, and what they become on the canvas.

#include <array>
#include <map>
#include <string>

namespace xorch::pix2pix {

struct Point {
    double x = 0;
    double y = 0;

    friend bool operator==(const Point&, const Point&) = default;
};

// In this order everywhere.
enum class Landmark { s, n, a, b, go, gn };

inline constexpr std::size_t landmark_count = 6;
inline constexpr std::array<const char*, landmark_count> landmark_names{
    "S", "N", "A", "B", "Go", "Gn"};

// In pixels of an image, or in parts of a canvas; whoever has them says which.
using Landmarks = std::array<Point, landmark_count>;

inline const Point& point_of(const Landmarks& landmarks, Landmark which) {
    return landmarks[static_cast<std::size_t>(which)];
}

using LandmarkTable = std::map<std::string, Landmarks>;

}  // namespace xorch::pix2pix
