#include "jobs/cellseg/images/crop.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xorch::cellseg {

namespace {

// From a pixel of the crop back to a place in the image.
class BackwardMap {
 public:
    BackwardMap(const Labels& image, const CropTransform& transform, int size)
        : flip_(transform.flip),
          last_x_(image.width - 1),
          cosine_(std::cos(transform.angle) / transform.scale),
          sine_(std::sin(transform.angle) / transform.scale),
          image_centre_y_((image.height - 1) / 2.0),
          image_centre_x_((image.width - 1) / 2.0),
          crop_centre_y_(
              (size - 1) / 2.0 + play(image.height, transform.scale, size) * transform.shift_y
          ),
          crop_centre_x_(
              (size - 1) / 2.0 + play(image.width, transform.scale, size) * transform.shift_x
          ) {}

    // {y, x}
    std::array<double, 2> operator()(int y, int x) const {
        const double down = y - crop_centre_y_;
        const double along = x - crop_centre_x_;
        const double source_y = image_centre_y_ - along * sine_ + down * cosine_;
        const double source_x = image_centre_x_ + along * cosine_ + down * sine_;
        return {source_y, flip_ ? last_x_ - source_x : source_x};
    }

 private:
    static double play(int length, double scale, int size) {
        return std::max(0.0, length * scale - size) / 2.0;
    }

    bool flip_;
    double last_x_;
    double cosine_;
    double sine_;
    double image_centre_y_;
    double image_centre_x_;
    double crop_centre_y_;
    double crop_centre_x_;
};

// The four pixels around a place and their weights; pixels outside of the image weigh nothing.
struct Corners {
    std::array<std::size_t, 4> index{};
    std::array<float, 4> weight{};

    float sample(const Plane& plane) const {
        float sum = 0.0F;
        for (std::size_t i = 0; i < index.size(); ++i) {
            sum += plane.values[index[i]] * weight[i];
        }
        return sum;
    }
};

Corners corners_at(const Labels& image, double y, double x) {
    const double top = std::floor(y);
    const double left = std::floor(x);
    Corners corners;
    for (int i = 0; i < 4; ++i) {
        const int row = static_cast<int>(top) + i / 2;
        const int column = static_cast<int>(left) + i % 2;
        if (!image.contains(row, column)) continue;
        const double weight_y = i / 2 == 0 ? 1.0 - (y - top) : y - top;
        const double weight_x = i % 2 == 0 ? 1.0 - (x - left) : x - left;
        const auto place = static_cast<std::size_t>(i);
        corners.index[place] = image.index(row, column);
        corners.weight[place] = static_cast<float>(weight_y * weight_x);
    }
    return corners;
}

bool is_cell_at(const Labels& labels, double y, double x) {
    const int row = static_cast<int>(std::floor(y + 0.5));
    const int column = static_cast<int>(std::floor(x + 0.5));
    return labels.contains(row, column) && labels.at(row, column) > 0;
}

}  // namespace

void cut_crop(const TrainingImage& source, const CropTransform& transform, CropBuffer to) {
    const BackwardMap map(source.labels, transform, to.size);
    const auto cosine = static_cast<float>(std::cos(transform.angle));
    const auto sine = static_cast<float>(std::sin(transform.angle));
    const std::size_t area = static_cast<std::size_t>(to.size) * static_cast<std::size_t>(to.size);
    std::size_t pixel = 0;
    for (int y = 0; y < to.size; ++y) {
        for (int x = 0; x < to.size; ++x, ++pixel) {
            const auto [source_y, source_x] = map(y, x);
            const Corners corners = corners_at(source.labels, source_y, source_x);
            for (std::size_t channel = 0; channel < source.channels.size(); ++channel) {
                to.image[channel * area + pixel] = corners.sample(source.channels[channel]);
            }
            const float down = corners.sample(source.flow.y);
            const float mirrored = corners.sample(source.flow.x);
            const float along = transform.flip ? -mirrored : mirrored;
            to.target[pixel] = is_cell_at(source.labels, source_y, source_x) ? 1.0F : 0.0F;
            to.target[area + pixel] = down * cosine + along * sine;
            to.target[2 * area + pixel] = along * cosine - down * sine;
        }
    }
}

}  // namespace xorch::cellseg
