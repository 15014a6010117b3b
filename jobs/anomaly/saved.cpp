// anomaly.saved: the maps of both branches out of what the published program saved, so that what it
// did not record is computed without asking a network again. Its scores are of patches; they are
// enlarged and blurred like any others, never compared with pixels as they are.

#include <fmt/core.h>

#include <algorithm>

#include "jobs/anomaly/data/class_images.h"
#include "jobs/anomaly/data/saved_scores.h"
#include "jobs/anomaly/jobs.h"
#include "jobs/anomaly/unit_files.h"

namespace xorch {

namespace anomaly {

namespace {

struct SavedBranches {
    std::vector<Plane> semantic;
    std::vector<Plane> memory;
    std::vector<float> whole;  // semantic, of whole images
};

Result<SavedBranches> read_branches(const Parameters& params) {
    const SavedPlace place{
        .folder = params.text("tree"),
        .dataset = params.text("dataset"),
        .class_name = params.text("class_name"),
        .k_shot = params.integer("k_shot"),
        .seed = params.integer("seed")};
    auto semantic = read_saved_maps(place, SavedBranch::semantic);
    if (!semantic) return tl::unexpected(semantic.error());
    auto memory = read_saved_maps(place, SavedBranch::memory);
    if (!memory) return tl::unexpected(memory.error());
    auto whole = read_saved_semantic(place);
    if (!whole) return tl::unexpected(whole.error());
    return SavedBranches{std::move(*semantic), std::move(*memory), std::move(*whole)};
}

// One of each per image, all maps of one size, and smaller than what pixels are judged at.
Result<void> check_shapes(const SavedBranches& saved, std::size_t images, int resolution) {
    for (const std::size_t count :
         {saved.semantic.size(), saved.memory.size(), saved.whole.size()}) {
        if (count == images) continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format("scores of {} images, {} are there", count, images)
        );
    }
    const int side = saved.semantic.front().height;
    for (const auto* maps : {&saved.semantic, &saved.memory}) {
        for (const Plane& map : *maps) {
            if (map.height == side && side < resolution) continue;
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "SHAPE_MISMATCH: a map of {0} x {0} among maps of {1} x {1} patches, for a "
                    "truth "
                    "of {2} x {2} pixels",
                    map.height,
                    side,
                    resolution
                )
            );
        }
    }
    return {};
}

Result<TaskMaps> join(SavedBranches saved, const std::vector<ImageFile>& files, int resolution) {
    TaskMaps maps;
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto mask = load_mask(files[i], resolution);
        if (!mask) return tl::unexpected(mask.error());
        Plane& semantic = saved.semantic[i];
        maps.images.push_back(
            {.name = files[i].name,
             .abnormal = files[i].abnormal,
             .semantic = saved.whole[i],
             .semantic_map = std::move(semantic),
             .memory_map = std::move(saved.memory[i]),
             .margin_map = {},
             .mask = std::move(*mask)}
        );
        ImageScores& image = maps.images.back();
        image.margin_map = Plane(image.memory_map.height, image.memory_map.width);
    }
    return maps;
}

}  // namespace

}  // namespace anomaly

Result<JobEnd> run_anomaly_saved(NativeUnit& unit) {
    using namespace anomaly;
    const Parameters& params = unit.params();
    const auto data = given_or_left(unit, "data", "anomaly");
    if (!data) return tl::unexpected(data.error());
    const auto files = list_class(*data, params.text("dataset"), params.text("class_name"));
    if (!files) return tl::unexpected(files.error());
    auto saved = read_branches(params);
    if (!saved) return tl::unexpected(saved.error());
    const auto resolution = static_cast<int>(params.integer("resolution"));
    if (auto ok = check_shapes(*saved, files->test.size(), resolution); !ok) {
        return tl::unexpected(ok.error());
    }
    auto maps = join(std::move(*saved), files->test, resolution);
    if (!maps) return tl::unexpected(maps.error());
    auto manifest = hash_manifest(files->test);
    if (!manifest) return tl::unexpected(manifest.error());
    maps->manifest_hash = *manifest;
    const auto folder = unit.artifact("maps");
    if (!folder) return tl::unexpected(folder.error());
    const auto hash = write_maps(*folder, *maps);
    if (!hash) return tl::unexpected(hash.error());
    const auto reported = unit.report({
        {"layout",        files->layout                                },
        {"test_n",        static_cast<std::int64_t>(files->test.size())},
        {"grid_side",     maps->images[0].semantic_map.height          },
        {"manifest_hash", *manifest                                    },
        {"maps_hash",     *hash                                        },
    });
    if (!reported) return tl::unexpected(reported.error());
    return JobEnd::done;
}

}  // namespace xorch
