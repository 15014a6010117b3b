#include "jobs/anomaly/data/surfaces.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>

#include "jobs/anomaly/data/class_writer.h"
#include "jobs/files/image_file.h"

namespace xorch::anomaly {

namespace {

constexpr int least_side = 300;     // room for a crop in either half
constexpr int patch_distance = 30;  // of a patch's middle from the border of its crop, pixels

Result<std::string> find_picture(const std::string& folder, const std::string& name) {
    std::error_code error;
    for (const char* ending : {".png", ".jpg", ".tif"}) {
        std::string path = folder + "/" + name + ending;
        if (std::filesystem::exists(path, error)) return path;
    }
    return fail(ErrorCode::not_found, fmt::format("{}: no picture {}", folder, name));
}

// Where of the picture a crop is taken.
Pixel draw_corner(const Raster& picture, bool train, RandomStream& random) {
    const int half = picture.width / 2;
    const auto y = random.below(static_cast<std::uint64_t>(picture.height - painting_side));
    const auto x = random.below(static_cast<std::uint64_t>(half - painting_side));
    return {static_cast<int>(y), static_cast<int>(x) + (train ? 0 : half)};
}

struct Patch {
    double y = 0;  // of its middle, in the crop
    double x = 0;
    double radius = 1;
    double turn = 0;   // radians
    double scale = 1;  // above 1 shows a larger part of the picture, smaller

    bool contains(int at_y, int at_x) const { return std::hypot(at_y - y, at_x - x) <= radius; }

    // What is seen at that place of the patch, relative to its middle.
    std::pair<double, double> source_of(int at_y, int at_x) const {
        const double dy = scale * (at_y - y);
        const double dx = scale * (at_x - x);
        return {
            dy * std::cos(turn) + dx * std::sin(turn), dx * std::cos(turn) - dy * std::sin(turn)};
    }
};

Patch draw_patch(DefectKind defect, RandomStream& random) {
    Patch patch;
    patch.y = random.uniform(patch_distance, painting_side - patch_distance);
    patch.x = random.uniform(patch_distance, painting_side - patch_distance);
    patch.radius = random.uniform(14, 24);
    if (defect == DefectKind::turned) patch.turn = random.uniform(0.3, 0.7) * std::numbers::pi;
    if (defect == DefectKind::scaled) patch.scale = random.uniform(1.6, 2.2);
    return patch;
}

double sample(const Raster& picture, double y, double x, int channel) {
    const int row = std::clamp(static_cast<int>(std::lround(y)), 0, picture.height - 1);
    const int column = std::clamp(static_cast<int>(std::lround(x)), 0, picture.width - 1);
    return picture.at(row, column, std::min(channel, picture.channels - 1));
}

std::uint8_t level(double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

Painting crop(const Raster& picture, Pixel corner, const std::optional<Patch>& patch) {
    Painting made{
        .picture = Picture(painting_side, painting_side),
        .mask = TruthMask(painting_side, painting_side)};
    for (int y = 0; y < painting_side; ++y) {
        for (int x = 0; x < painting_side; ++x) {
            double from_y = corner.y + y;
            double from_x = corner.x + x;
            if (patch && patch->contains(y, x)) {
                const auto [dy, dx] = patch->source_of(y, x);
                from_y = corner.y + patch->y + dy;
                from_x = corner.x + patch->x + dx;
                made.mask.at(y, x) = 1;
            }
            made.picture.at(y, x) = {
                level(sample(picture, from_y, from_x, 0)),
                level(sample(picture, from_y, from_x, 1)),
                level(sample(picture, from_y, from_x, 2))};
        }
    }
    return made;
}

Result<void> make_surface(
    const std::string& directory, std::uint64_t seed, const std::string& path
) {
    const auto picture = read_raster(path);
    if (!picture) return tl::unexpected(picture.error());
    if (picture->height < least_side || picture->width < least_side) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("{}: smaller than {} x {} pixels", path, least_side, least_side)
        );
    }
    const std::string name = std::filesystem::path(path).stem().string();
    const MadeClass made{.folder = directory + "/surfaces/" + name, .texture = true};
    return write_class(made, [&](const WantedImage& wanted) {
        RandomStream random(seed, "crop of " + name, {wanted.number});
        const Pixel corner = draw_corner(*picture, wanted.train, random);
        if (wanted.defect == DefectKind::none) return crop(*picture, corner, std::nullopt);
        return crop(*picture, corner, draw_patch(wanted.defect, random));
    });
}

}  // namespace

Result<void> make_surfaces(
    const std::string& directory, std::uint64_t seed, const SurfacePictures& pictures
) {
    for (const std::string& name : pictures.names) {
        const auto path = find_picture(pictures.folder, name);
        if (!path) return tl::unexpected(path.error());
        if (auto made = make_surface(directory, seed, *path); !made) return made;
    }
    return {};
}

}  // namespace xorch::anomaly
