#include "jobs/cellseg/data/synthetic.h"

#include <fmt/core.h>

#include <filesystem>

#include "jobs/cellseg/data/scene.h"
#include "jobs/files/png_file.h"
#include "jobs/files/tiff_file.h"

namespace xorch::cellseg {

namespace {

constexpr int unlabelled_nuclei = 26;
// Where 1.0 lies in the 16-bit files: what is brighter must not be cut off.
constexpr double full_scale = 30000.0;

constexpr Marker markers[] = {Marker::gfap, Marker::iba1, Marker::neun, Marker::olig2};

struct SplitSize {
    const char* name;
    int images[4];  // in the order of `markers`
};

constexpr SplitSize split_sizes[] = {
    {"train", {18, 18, 19, 17}},
    {"val",   {5, 5, 5, 9}    },
    {"test",  {7, 7, 6, 4}    },
};

Raster to_raster(const Scene& scene) {
    Raster raster{
        .height = scene.dapi.height, .width = scene.dapi.width, .channels = 3, .samples = {}};
    for (std::size_t i = 0; i < scene.dapi.values.size(); ++i) {
        for (const float value : {scene.dapi.values[i], scene.marker.values[i], 0.0F}) {
            raster.samples.push_back(full_scale * value);
        }
    }
    return raster;
}

Result<void> make_image(const std::string& path, const Scene& scene) {
    if (auto written = write_png16(path + ".png", to_raster(scene)); !written) return written;
    return write_label_tiff(path + "_mask.tif", scene.labels);
}

}  // namespace

Result<void> make_cells(const std::string& directory, std::uint64_t seed) {
    return make_cells(directory, seed, Labelling::cells_of_the_marker);
}

Result<void> make_cells(const std::string& directory, std::uint64_t seed, Labelling labelling) {
    int donor = 10'000'000;
    for (const SplitSize& split : split_sizes) {
        const std::string folder = fmt::format("{}/{}_cells", directory, split.name);
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        if (error) return fail_from_errno("making " + folder, error.value());
        for (std::size_t number = 0; number < std::size(markers); ++number) {
            const CellKind& kind = kind_of(markers[number]);
            const SceneSettings settings{
                .marker = kind.marker,
                .cells = kind.cells,
                .other_nuclei = unlabelled_nuclei,
                .every_nucleus = labelling == Labelling::every_nucleus};
            for (int image = 0; image < split.images[number]; ++image) {
                ++donor;
                const std::string path = fmt::format("{}/{}_{}", folder, kind.name, donor);
                const Scene scene = draw_scene(settings, RandomStream(seed, "cells", {donor}));
                if (auto made = make_image(path, scene); !made) return made;
            }
        }
    }
    return {};
}

}  // namespace xorch::cellseg
