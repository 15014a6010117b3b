#include "jobs/heatmap/detect/region_boxes.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <tuple>

namespace xorch::heatmap {

namespace {

Box to_box(const cv::Rect& area) {
    return {
        static_cast<double>(area.x),
        static_cast<double>(area.y),
        static_cast<double>(area.x + area.width),
        static_cast<double>(area.y + area.height)};
}

cv::Mat shape_of(Kernel kernel) {
    if (kernel == Kernel::square3) return cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
    return cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5});
}

std::vector<cv::Rect> components_of(const cv::Mat& mask) {
    cv::Mat labels;
    cv::Mat table;
    cv::Mat centres;
    const int count = cv::connectedComponentsWithStats(mask, labels, table, centres, 8, CV_32S);
    std::vector<cv::Rect> areas;
    for (int label = 1; label < count; ++label) {
        const int* row = table.ptr<int>(label);
        areas.emplace_back(
            row[cv::CC_STAT_LEFT],
            row[cv::CC_STAT_TOP],
            row[cv::CC_STAT_WIDTH],
            row[cv::CC_STAT_HEIGHT]
        );
    }
    return areas;
}

std::vector<cv::Rect> contours_of(const cv::Mat& mask) {
    std::vector<std::vector<cv::Point>> contours;
    cv::findContours(mask, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
    std::vector<cv::Rect> areas;
    for (const auto& contour : contours) {
        areas.push_back(cv::boundingRect(contour));
    }
    return areas;
}

}  // namespace

std::vector<Box> boxes_around(const PixelMask& mask, const RegionRules& rules) {
    // OpenCV only reads; its type cannot say so.
    const cv::Mat raw(
        mask.height, mask.width, CV_8U, const_cast<std::uint8_t*>(mask.values.data())
    );
    const cv::Mat shape = shape_of(rules.kernel);
    cv::Mat clean;
    // By default pixels outside of the image count for nothing.
    cv::morphologyEx(raw, clean, cv::MORPH_CLOSE, shape);
    cv::morphologyEx(clean, clean, cv::MORPH_OPEN, shape);
    std::vector<Box> boxes;
    const std::vector<cv::Rect> areas =
        rules.regions == Regions::components ? components_of(clean) : contours_of(clean);
    for (const cv::Rect& area : areas) {
        if (std::min(area.width, area.height) >= rules.least_side) boxes.push_back(to_box(area));
    }
    // The two ways to cut find regions in different orders, and boxes of one score would be ranked
    // by it.
    std::sort(boxes.begin(), boxes.end(), [](const Box& left, const Box& right) {
        return std::tie(left.top, left.left, left.bottom, left.right) <
               std::tie(right.top, right.left, right.bottom, right.right);
    });
    if (!boxes.empty() || !rules.falls_back) return boxes;
    const cv::Rect extent = cv::boundingRect(raw);
    if (extent.area() > 0) boxes.push_back(to_box(extent));
    return boxes;
}

double mean_inside(const HeatMap& map, const Box& box) {
    double sum = 0;
    for (int y = static_cast<int>(box.top); y < static_cast<int>(box.bottom); ++y) {
        for (int x = static_cast<int>(box.left); x < static_cast<int>(box.right); ++x) {
            sum += map.at(y, x);
        }
    }
    return sum / box.area();
}

}  // namespace xorch::heatmap
