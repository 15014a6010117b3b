#include "jobs/heatmap/data/scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/hash.h"
#include "jobs/files/file_bytes.h"
#include "jobs/files/image_file.h"
#include "jobs/heatmap/data/voc_annotation.h"

namespace xorch::heatmap {

namespace {

// 16-bit images lose their lower byte; a grey one has three equal channels.
cv::Mat to_matrix(const Raster& raster) {
    const double most = *std::max_element(raster.samples.begin(), raster.samples.end());
    const double scale = most > 255 ? 1.0 / 256 : 1.0;
    cv::Mat matrix(raster.height, raster.width, CV_8UC3);
    for (int y = 0; y < raster.height; ++y) {
        auto* row = matrix.ptr<cv::Vec3b>(y);
        for (int x = 0; x < raster.width; ++x) {
            for (int channel = 0; channel < 3; ++channel) {
                const double sample = raster.at(y, x, raster.channels >= 3 ? channel : 0);
                row[x][channel] = cv::saturate_cast<std::uint8_t>(sample * scale);
            }
        }
    }
    return matrix;
}

Picture to_square(const Raster& raster) {
    static_assert(sizeof(Colour) == 3, "OpenCV writes into the picture itself");
    const cv::Mat matrix = to_matrix(raster);
    Picture picture(image_side, image_side);
    cv::Mat square(image_side, image_side, CV_8UC3, picture.values.data());
    if (matrix.size() == square.size()) {
        matrix.copyTo(square);
        return picture;
    }
    const bool shrinks = matrix.rows > image_side && matrix.cols > image_side;
    cv::resize(matrix, square, square.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
    return picture;
}

// From pixels of 1 to `side`, the last included, to whole pixels of the square.
Box in_square(const VocObject& object, const VocAnnotation& annotation) {
    const auto scaled = [](int pixel, int side) {
        return std::floor(static_cast<double>(pixel) * image_side / side);
    };
    const double left = scaled(std::max(0, object.xmin - 1), annotation.width);
    const double top = scaled(std::max(0, object.ymin - 1), annotation.height);
    // A box that shrinks to nothing keeps one pixel.
    return {
        .left = left,
        .top = top,
        .right = std::max(left + 1, scaled(object.xmax, annotation.width)),
        .bottom = std::max(top + 1, scaled(object.ymax, annotation.height))};
}

Result<std::vector<LabelledBox>> load_boxes(const std::string& path, const Raster& raster) {
    const auto text = read_bytes(path);
    if (!text) return tl::unexpected(text.error());
    const auto annotation = parse_voc(*text);
    if (!annotation) return tl::unexpected(annotation.error());
    if (annotation->width != raster.width || annotation->height != raster.height) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "says {} x {}, the image has {} x {}",
                annotation->width,
                annotation->height,
                raster.width,
                raster.height
            )
        );
    }
    std::vector<LabelledBox> boxes;
    for (const VocObject& object : annotation->objects) {
        const auto number = match_class(object.name);
        if (!number) {
            return fail(ErrorCode::invalid_input, "\"" + object.name + "\" is no class of DIOR");
        }
        boxes.push_back({.of = *number, .box = in_square(object, *annotation)});
    }
    return boxes;
}

}  // namespace

Result<Scene> load_scene(const DiorImage& image) {
    const auto bytes = read_bytes(image.image);
    if (!bytes) return fail_with_context(bytes.error(), image.image);
    const auto raster = read_raster(image.image);
    if (!raster) return tl::unexpected(raster.error());
    auto boxes = load_boxes(image.annotation, *raster);
    if (!boxes) return fail_with_context(boxes.error(), image.annotation);
    return Scene{
        .id = image.id,
        .hash = hash_text(*bytes),
        .picture = to_square(*raster),
        .boxes = std::move(*boxes)};
}

}  // namespace xorch::heatmap
