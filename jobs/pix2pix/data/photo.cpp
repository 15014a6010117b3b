#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "jobs/pix2pix/data/head_drawing.h"

namespace xorch::pix2pix {

namespace {

Ink draw_ink(RandomStream& random, const Ink& mean, double spread) {
    const double brightness = spread * random.normal();
    Ink ink = mean;
    for (std::size_t i = 0; i < ink.size(); ++i) {
        ink[i] = std::clamp(mean[i] + brightness + 4 * random.normal(), 0.0, 255.0);
    }
    return ink;
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

std::array<Grid<std::uint8_t>, input_channels> draw_photo(const Head& head, RandomStream& random) {
    const HeadFrame frame(head);
    const Ink ground = draw_ink(random, {110, 120, 135}, 35);
    cv::Mat photo(made_height, made_width, CV_8UC3, cv::Scalar(ground[0], ground[1], ground[2]));
    const Ink skin = draw_ink(random, {205, 160, 130}, 18);
    fill(photo, frame, profile_of(head), skin);
    // Hair, an ear and an eye give the head a direction.
    const Ink hair = draw_ink(random, {60, 45, 40}, 15);
    fill(
        photo,
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
    },
        hair
    );
    fill(
        photo,
        frame,
        {
            {0.42, 0.42},
            {0.46, 0.41},
            {0.47, 0.47},
            {0.44, 0.53}
    },
        {skin[0] * 0.8, skin[1] * 0.75, skin[2] * 0.75}
    );
    fill(
        photo,
        frame,
        {
            {0.66, 0.33},
            {0.70, 0.32},
            {0.70, 0.34}
    },
        {40, 30, 30}
    );
    cv::GaussianBlur(photo, photo, cv::Size(), 1.0);
    shade(photo, random, head.is_hard);
    add_noise(photo, random, head.is_hard ? 9.0 : 3.0);
    return {take_channel(photo, 0), take_channel(photo, 1), take_channel(photo, 2)};
}

}  // namespace xorch::pix2pix
