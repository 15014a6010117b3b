#include "jobs/files/lettering.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace xorch {

void draw_text(Picture& picture, const std::string& text, const Lettering& how) {
    static_assert(sizeof(Colour) == 3, "OpenCV draws into the picture itself");
    constexpr double capital_height = 21;  // of the font at scale 1, pixels
    const double scale = how.height / capital_height;
    int below = 0;
    const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 1, &below);
    cv::Mat matrix(picture.height, picture.width, CV_8UC3, picture.values.data());
    cv::putText(
        matrix,
        text,
        {how.centre.x - size.width / 2, how.centre.y + size.height / 2},
        cv::FONT_HERSHEY_SIMPLEX,
        scale,
        cv::Scalar(how.colour.red, how.colour.green, how.colour.blue),
        1,
        cv::LINE_AA
    );
}

}  // namespace xorch
