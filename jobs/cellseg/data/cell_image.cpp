#include "jobs/cellseg/data/cell_image.h"

#include <fmt/core.h>

#include "jobs/files/image_file.h"

namespace xorch::cellseg {

namespace {

// Brightness as eyes weigh it (ITU-R BT.601).
Plane to_grey(const std::vector<Plane>& colours) {
    if (colours.size() < 3) return colours[0];
    Plane grey(colours[0].height, colours[0].width);
    for (std::size_t i = 0; i < grey.values.size(); ++i) {
        grey.values[i] = 0.299F * colours[0].values[i] + 0.587F * colours[1].values[i] +
                         0.114F * colours[2].values[i];
    }
    return grey;
}

void turn_over(Plane& plane) {
    for (float& value : plane.values) {
        value = 1.0F - value;
    }
}

Result<void> check_size(const std::string& path, const Plane& image, int height, int width) {
    if (image.height == height && image.width == width) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "{}: {} x {} pixels, but its image has {} x {}",
            path,
            width,
            height,
            image.width,
            image.height
        )
    );
}

}  // namespace

Result<std::vector<Plane>> read_channels(const CellFile& file, bool grey) {
    auto planes = read_image(file.image);
    if (!planes) return planes;
    const Plane empty(planes->front().height, planes->front().width);
    if (grey) return std::vector<Plane>{to_grey(*planes), empty};
    if (file.marker.empty()) {
        const Plane second = planes->size() > 1 ? (*planes)[1] : empty;
        return std::vector<Plane>{planes->front(), second};
    }
    const auto marker = read_image(file.marker);
    if (!marker) return marker;
    const Plane& second = marker->front();
    if (auto ok = check_size(file.marker, empty, second.height, second.width); !ok) {
        return tl::unexpected(ok.error());
    }
    return std::vector<Plane>{planes->front(), second};
}

Result<CellImage> load_cell_image(const CellFile& file, const ImageSettings& settings) {
    const auto planes = read_channels(file, settings.grey);
    if (!planes) return tl::unexpected(planes.error());
    auto mask = read_labels(file.mask);
    if (!mask) return tl::unexpected(mask.error());
    const Plane& first = planes->front();
    if (auto ok = check_size(file.mask, first, mask->labels.height, mask->labels.width); !ok) {
        return tl::unexpected(ok.error());
    }
    if (mask->cell_count == 0 && !settings.allow_empty) {
        return fail(
            ErrorCode::invalid_input,
            file.mask + ": a mask without cells (allow_empty = true accepts it)"
        );
    }
    CellImage image{
        .name = file.name,
        .group = file.group,
        .channels = {normalise(first), normalise((*planes)[1]), Plane(first.height, first.width)},
        .labels = std::move(mask->labels),
        .cell_count = mask->cell_count
    };
    // After normalising, so that ground is near 0 and cells near 1 either way.
    if (settings.invert_bright && has_bright_ground(image.channels[0])) {
        turn_over(image.channels[0]);
    }
    return image;
}

Result<std::vector<CellImage>> load_cell_images(
    const std::vector<CellFile>& files, const ImageSettings& settings
) {
    std::vector<CellImage> images;
    for (const CellFile& file : files) {
        auto image = load_cell_image(file, settings);
        if (!image) return tl::unexpected(image.error());
        images.push_back(std::move(*image));
    }
    return images;
}

}  // namespace xorch::cellseg
